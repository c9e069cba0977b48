import { type Command, Option } from 'commander'
import { RalphError } from '../../errors.ts'
import type { Compression } from '../../streams/compression.ts'
import { type ParserName, parserNames } from '../../toolbox/extract-parsers.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { counted } from '../counted.ts'
import { decompressOption, maxLineBytesOption } from '../flag-kinds.ts'
import { interruptible } from '../interruption.ts'
import { tellRefusedLines } from '../refused-lines.ts'

interface ExtractFlags {
  readonly parser: ParserName
  readonly decompress: Compression
  readonly maxLineBytes: number
  readonly report?: string
  readonly progress: boolean
}

const extract = async (
  files: readonly string[],
  flags: ExtractFlags,
  log: ReturnType<typeof settingsOf>['log'],
  signal: AbortSignal
): Promise<void> => {
  const [streams, toolbox, reports, { formatReject }, { openInputs, tellIfTyped }, shown, { OutputClosed, writeOut }] =
    await Promise.all([
      import('../../streams/join-lines.ts'),
      import('../../toolbox/extract.ts'),
      import('../report-file.ts'),
      import('../../toolbox/reject-report.ts'),
      import('../input.ts'),
      import('../progress.ts'),
      import('../write-out.ts')
    ])
  const input = await openInputs(files, signal, { lent: true })
  tellIfTyped(input, log)
  const report = flags.report === undefined ? undefined : reports.openReport(flags.report)
  const refused = tellRefusedLines(log)
  const progress = shown.startProgress(`extract ${flags.parser}`, { enabled: flags.progress && !input.isTyped, log })
  let bad = 0
  let extracted = 0
  let seen = 0
  if (input.size !== undefined) progress.total({ bytes: input.size })
  const chunks = input.files.map((file) =>
    counted(file, (bytes) => {
      seen += bytes
      progress.add({ bytes })
    })
  )
  const records = toolbox.extractRecords(streams.joinLines(chunks, flags.decompress), {
    parser: flags.parser,
    maxLineBytes: flags.maxLineBytes,
    onBad: (line) => {
      bad += 1
      refused.tell(line.line, line.reason, undefined)
      report?.add(formatReject(line))
    },
    onProgress: ({ records }) => {
      extracted += records
      progress.add({ records })
    }
  })
  try {
    await writeOut(records, { signal })
    if (seen === 0) log.info('the input is empty')
  } catch (error) {
    if (!(error instanceof OutputClosed)) progress.fail()
    throw error
  } finally {
    progress.end()
    if (bad > 0) log.warn(`${shown.formatCount(bad)} lines held no record and were passed over`)
    report?.close()
  }
  if (extracted === 0 && bad > 0) {
    throw new RalphError('INVALID_INPUT', `nothing was extracted: not one line is what -p ${flags.parser} is for`)
  }
}

/** `ralph extract`: records out of what an archive or a database wraps around them. */
export const declareExtract = (program: Command, composition: Composition): void => {
  const command = program
    .command('extract')
    .summary('take records out of what they are wrapped in')
    .description(
      'Takes records out of lines of JSON: the short_message of GELF, the _source of what `ralph read` gives of ' +
        'Elasticsearch and MongoDB, the event of what it gives of ClickHouse, the record of a report of rejects, and ' +
        'what follows on a line of a tracking log behind time, level and logger.'
    )
    .argument('[files...]', 'what to extract from, of a directory all files; - or none: standard input')
    .addOption(new Option('-p, --parser <name>', 'what they are wrapped in').choices(parserNames).makeOptionMandatory())
    .addOption(decompressOption())
    .addOption(maxLineBytesOption('a longer line is passed over'))
    .option('--report <file>', 'write the lines that are passed over there, with line and reason')
    .option('--no-progress', 'do not show how far it is')
    .action(async (files: readonly string[], flags: ExtractFlags) => {
      const { log } = settingsOf(command, composition)
      await interruptible((signal) => extract(files, flags, log, signal))
    })
}
