import { type Command, Option } from 'commander'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { converterGroup } from '../../settings/groups.ts'
import { flagValues, loadUuidNamespace } from '../../settings/load.ts'
import { converters, findConverter } from '../../toolbox/converters.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { type TableFormat, tableFormats } from '../conversion-table.ts'
import { addFilterOptions, type Filter, type FilterFlags, runFilter } from '../filter-command.ts'
import { optionsOf } from '../setting-options.ts'

interface ConvertFlags extends FilterFlags {
  readonly from?: string
  readonly to?: string
  readonly platformUrl?: string
  readonly uuidNamespace?: string
  readonly compat?: 'ralph'
  readonly shape?: 'aspects'
  readonly list?: boolean
  readonly format: TableFormat
}

/** Each thread costs 25 MB of memory. The thread that reads and writes cannot keep more than this busy. */
const mostJobs = 3

const noNamespace = '00000000-0000-0000-0000-000000000000'

const formats = (end: 'from' | 'to'): readonly string[] => [...new Set(converters.map((each) => each[end]))]

const requireFlag = (value: string | undefined, flags: string): string => {
  if (value !== undefined && value !== '') return value
  throw new RalphError('USAGE', `required option '${flags}' not specified`)
}

const list = async (from: string | undefined, to: string | undefined, format: TableFormat): Promise<void> => {
  const { formatConversions } = await import('../conversion-table.ts')
  const wanted = converters.filter((each) => (from ?? each.from) === each.from && (to ?? each.to) === each.to)
  const rows = await Promise.all(wanted.map((each) => each.rows()))
  const { writeOut } = await import('../write-out.ts')
  await writeOut([formatConversions(rows.flat(), format)])
}

const convert = (files: readonly string[], flags: ConvertFlags, namespace: string, log: Log): Promise<void> => {
  const { from = '', to = '', platformUrl = '', compat, shape } = flags
  const load = async (): Promise<Filter> => {
    const { convertRecords } = await import('../../toolbox/convert.ts')
    return (chunks, _size, request) =>
      convertRecords(chunks, {
        from,
        to,
        options: { platformUrl, namespace, shape: shape ?? compat ?? 'event' },
        ...request
      })
  }
  return runFilter({ name: 'convert', mostJobs, log, load }, files, flags)
}

/** `ralph convert`: converts events of a platform to xAPI statements. */
export const declareConvert = (program: Command, composition: Composition): void => {
  const command = program
    .command('convert')
    .summary('convert events to xAPI statements')
    .description(
      'Converts events, one JSON object per line, to xAPI statements. The same line gives the same statement id. ' +
        '`ralph convert --list` lists the conversions.'
    )
    .argument('[files...]', 'files of events, or directories of such files; - or none: standard input')
    .addOption(new Option('-f, --from <format>', 'type of the input').choices(formats('from')))
    .addOption(new Option('-t, --to <format>', 'type of the output').choices(formats('to')))
    .option('-p, --platform-url <url>', 'URL of the platform: home page of accounts, and prefix of addresses')
    .addOption(
      new Option(
        '--compat <original>',
        'make only the nine conversions of Python Ralph 5.1, exactly as it does'
      ).choices(['ralph'])
    )
    .addOption(
      new Option(
        '--shape <shape>',
        'make the statements of event-routing-backends of Open edX, for the dashboards of Aspects'
      )
        .choices(['aspects'])
        .conflicts('compat')
    )
  for (const option of optionsOf(converterGroup.uuidNamespace, 'Options'))
    command.addOption(option.helpGroup('Options:'))
  addFilterOptions(command, {
    ignoreErrors: 'continue after lines that cannot be converted',
    failOnUnknown: 'stop at an event without a conversion',
    report: 'write rejected lines to this file, with line number and reason, and continue',
    jobs: `most threads (default: one per processor, at most ${mostJobs})`,
    maxLineBytes: 'reject longer lines'
  })
    .option('--list', 'list the conversions and exit')
    .addOption(new Option('--format <format>', 'of --list').choices(tableFormats).default('text'))
    .action(async (files: readonly string[], flags: ConvertFlags) => {
      if (flags.list === true) return list(flags.from, flags.to, flags.format)
      const from = requireFlag(flags.from, '-f, --from <format>')
      const to = requireFlag(flags.to, '-t, --to <format>')
      const platformUrl = requireFlag(flags.platformUrl, '-p, --platform-url <url>')
      const { isIri } = await import('../../validation/formats/iri.ts')
      if (findConverter(from, to) === undefined) {
        const known = converters.map((each) => `${each.from} to ${each.to}`).join(', ')
        throw new RalphError('USAGE', `there is no conversion from ${from} to ${to}; there is: ${known}`)
      }
      if (!isIri(platformUrl)) {
        throw new RalphError(
          'USAGE',
          `--platform-url ${JSON.stringify(platformUrl)} is not a URL such as https://lms.example.org`
        )
      }
      const given = flagValues([converterGroup], (flag) =>
        flag === 'uuid-namespace' ? flags.uuidNamespace : undefined
      )
      const { sources, log } = settingsOf(command, composition, Object.fromEntries(given))
      // The ids of event-routing-backends need no namespace from us.
      const namespace = loadUuidNamespace(sources) ?? (flags.shape === 'aspects' ? noNamespace : undefined)
      if (namespace === undefined) {
        throw new RalphError(
          'USAGE',
          `a UUID namespace is needed: --uuid-namespace <uuid>, or ${converterGroup.uuidNamespace.variable}`
        )
      }
      await convert(files, { ...flags, from, to, platformUrl }, namespace, log)
    })
}
