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
    if (bad > 0) log.warn(`${shown.formatCount(bad)} lines without a record were skipped`)
    report?.close()
  }
  if (extracted === 0 && bad > 0) {
    throw new RalphError(
      'INVALID_INPUT',
      `nothing was extracted: no line has the format that -p ${flags.parser} expects`
    )
  }
}

/** `ralph extract`: extracts records from the envelopes of an archive or a database. */
export const declareExtract = (program: Command, composition: Composition): void => {
  const command = program
    .command('extract')
    .summary('extract records from their envelopes')
    .description(
      'Extracts records from lines of JSON: the short_message of GELF, the _source of what `ralph read` prints of ' +
        'Elasticsearch and MongoDB, the event of what it prints of ClickHouse, the record of a report of rejects, and ' +
        'the record after time, level and logger on a line of a tracking log.'
    )
    .argument('[files...]', 'files to extract from, or directories of files; - or none: standard input')
    .addOption(new Option('-p, --parser <name>', 'format of the envelopes').choices(parserNames).makeOptionMandatory())
    .addOption(decompressOption())
    .addOption(maxLineBytesOption('skip longer lines'))
    .option('--report <file>', 'write the skipped lines to this file, with line number and reason')
    .option('--no-progress', 'do not show progress')
    .action(async (files: readonly string[], flags: ExtractFlags) => {
      const { log } = settingsOf(command, composition)
      await interruptible((signal) => extract(files, flags, log, signal))
    })
}
