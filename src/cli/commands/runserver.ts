import { type Command, Option } from 'commander'
import { flagsOf } from '../../settings/aliases.ts'
import type { Setting } from '../../settings/define.ts'
import { flagValues } from '../../settings/load.ts'
import { readSources } from '../../settings/sources.ts'
import type { Composition } from '../composition.ts'
import { demoAppDir } from '../demo.ts'
import { sectionsOf } from '../sections.ts'

/** `npm start`: the tutorial's directory and user, seen by nobody else. */
const demoDefaults = new Map([
  ['RALPH_APP_DIR', demoAppDir],
  ['RALPH_RUNSERVER_HOST', '127.0.0.1']
])

const optionsOf = (setting: Setting<unknown>, title: string): readonly Option[] => {
  const standard = setting.defaultText === '' ? '' : ` (default: ${setting.defaultText})`
  const description = `${setting.description}${standard} [${setting.variable}]`
  return [...flagsOf(setting.variable, setting.flag).keys()].flatMap((flag, index) => {
    const letter = index === 0 && setting.letter !== undefined ? `-${setting.letter}, ` : ''
    const options = setting.kind.switch
      ? [new Option(`${letter}--${flag}`, description), new Option(`--no-${flag}`).hideHelp()]
      : [new Option(`${letter}--${flag} <${flag.split('-').at(-1)}>`, description)]
    for (const option of options) {
      option.helpGroup(`${title}:`)
      // Aliases work, and are found in `ralph settings`.
      if (index > 0) option.hideHelp()
    }
    return options
  })
}

/** `ralph runserver`: every setting of the server is a flag. */
export const declareRunserver = (program: Command, composition: Composition): void => {
  const sections = sectionsOf(composition)
  const command = program
    .command('runserver')
    .summary('run the LRS')
    .description('Runs the LRS. Each flag overrides the variable in brackets.')
  for (const { title, group } of sections) {
    for (const setting of Object.values(group)) {
      if (setting.flag === 'verbosity') continue
      for (const option of optionsOf(setting, title)) command.addOption(option)
    }
  }
  command.option('--demo', 'listen on 127.0.0.1 and use ./.ralph as application directory, unless otherwise set')
  command.action(async (given: Readonly<Record<string, string | boolean | undefined>>) => {
    const all = command.optsWithGlobals<Record<string, string | boolean | undefined>>()
    const attribute = (flag: string): string => new Option(`--${flag}`).attributeName()
    const flags = flagValues(
      sections.map(({ group }) => group),
      (flag) => all[attribute(flag)]
    )
    await composition.serve(readSources(flags, given.demo === true ? demoDefaults : undefined))
  })
}
