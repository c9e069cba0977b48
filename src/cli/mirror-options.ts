import { Argument, type Command, Help, Option } from 'commander'
import type { ArchiveSourceRole } from '../contracts/archive-source.ts'
import type { Setting, SettingsGroup } from '../settings/define.ts'
import { foreignVariables } from '../settings/load.ts'
import { find, shown } from '../settings/read.ts'
import { readSources } from '../settings/sources.ts'
import { mirrorGroupOf } from './sections.ts'
import { readVersion } from './version.ts'

/** Commands that are also installed under their own name: their usage does not begin with `ralph`. */
export const aloneAs: ReadonlySet<string> = new Set(['ldp-mirror'])

/** The present value, as the help of ldp-mirror 0.x shows it. Secrets are not shown. */
const presentText = (setting: Setting<unknown>, group: SettingsGroup): string => {
  const found = find(setting, readSources(undefined, undefined, foreignVariables([group])))
  if (found === undefined) return setting.defaultText || 'None'
  if ('contradiction' in found) return found.contradiction
  return setting.secret ? 'set, not shown' : shown(setting, found.text)
}

const describe = (setting: Setting<unknown>, group: SettingsGroup): string =>
  `${setting.description.replace(/\.$/, '')} (default: ${presentText(setting, group)}) [${setting.variable}]`

const ownOptions = (): readonly Option[] => [
  new Option('--once', 'look for archives and download them once, then end; the exit code says what is left'),
  new Option('--verify', 'read the files of the mirror, compare them with their checksums, then end'),
  new Option('--import', 'import each archive as soon as it is in the mirror: docs/imports.md'),
  new Option(
    '--queue',
    'with --import: only queue the imports, for a server with RALPH_IMPORTS_ENABLED or `ralph imports run` to process'
  ),
  new Option(
    '--subset <share>',
    'with --verify: a random share of the files, such as 5%, or one of several groups, such as 2/7'
  )
]

const epilogue = '\nLooks for new archives every hour, until it is stopped. docs/mirror.md lists the exit codes.'

/** The options of both `ralph mirror ldp` and `ldp-mirror`. */
export const addMirrorOptions = (command: Command, sources: readonly ArchiveSourceRole[], name: string): Command => {
  const alone = aloneAs.has(name)
  const groups = sources.map(mirrorGroupOf)
  const described = new Map<Option, () => string>()
  if (!alone)
    command.addArgument(new Argument('<source>', 'source of the archives').choices(sources.map(({ name }) => name)))
  command
    .argument('<STREAM_ID...>', 'LDP Stream UUIDs')
    .description(`LDP archive Mirror CLI - ${readVersion()}`)
    .helpOption('-h, --help', 'show this help message and exit')
  for (const group of groups) {
    for (const setting of Object.values(group)) {
      const option = new Option(`--${setting.flag} <${setting.kind.placeholder ?? 'value'}>`, setting.description)
      described.set(option, () => describe(setting, group))
      command.addOption(option)
    }
  }
  for (const option of ownOptions()) command.addOption(option)
  const usual = new Help()
  return command
    .configureHelp({
      optionDescription: (option) => described.get(option)?.() ?? usual.optionDescription(option),
      ...(alone ? { commandUsage: (each: Command) => `${each.name()} ${each.usage()}` } : {})
    })
    .addHelpText('after', epilogue)
}
