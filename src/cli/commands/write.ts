import { type Command, Option } from 'commander'
import type { WriteOperation } from '../../contracts/data-backend.ts'
import { choice, integer } from '../../settings/kinds.ts'
import type { WriteProgress } from '../../toolbox/write.ts'
import type { Composition } from '../composition.ts'
import { counted } from '../counted.ts'
import { addBackendOptions, type OpenPlace, withPlace } from '../data-command.ts'
import { flagOf, maxLineBytesOption } from '../flag-kinds.ts'
import { openNotes } from '../history-notes.ts'
import type { Input } from '../input.ts'
import type { ProgressBar } from '../progress.ts'
import { tellRefusedLines } from '../refused-lines.ts'

interface WriteFlags {
  readonly backend: string
  readonly target?: string
  readonly chunkSize?: number
  readonly ignoreErrors?: boolean
  readonly operationType?: WriteOperation
  readonly operation?: WriteOperation
  readonly force?: boolean
  readonly concurrency: number
  readonly maxLineBytes: number
  readonly report?: string
  readonly progress: boolean
}

const operations: readonly WriteOperation[] = ['index', 'create', 'update', 'append', 'delete']

const defaultBatch = 500

/** `--force` of Python Ralph 3 overwrote existing objects. */
const wantedOf = ({ operationType, operation, force }: WriteFlags, { capabilities }: OpenPlace['choice']) =>
  operationType ??
  operation ??
  (force === true ? (capabilities.moves === 'bytes' ? ('update' as const) : ('index' as const)) : undefined)

interface Work {
  readonly place: OpenPlace
  readonly input: Input
  readonly operation: WriteOperation
  readonly flags: WriteFlags
  readonly progress: ProgressBar
}

const writeBytes = async (
  { place, input, operation, flags, progress }: Work,
  composition: Composition
): Promise<void> => {
  const { backend, log, signal } = place
  if (backend.moves !== 'bytes') return
  const [{ writeObject }, { formatBytes, formatPace }] = await Promise.all([
    import('../../toolbox/write.ts'),
    import('../progress.ts')
  ])
  const notes = await openNotes(place, composition, 'write')
  const done: WriteProgress = { written: 0, already: 0, rejected: 0, bytes: 0 }
  try {
    const chunks = counted(input.chunks, (bytes) => progress.add({ bytes }))
    const object = await writeObject(backend, chunks, { operation, target: flags.target, signal, progress: done })
    if (object === undefined) log.info('the input is empty: nothing was written')
    else {
      notes.note?.(object)
      progress.end((all) => `${formatBytes(all.bytes)} in ${formatPace(all)} to ${object.historyId}`)
    }
  } catch (error) {
    // The object is written whole or not at all. Nobody knows how much of it had arrived.
    progress.fail((all) => `failed after ${formatBytes(all.bytes)} were read`)
    throw error
  } finally {
    await notes.end()
    progress.fail()
  }
}

const writeLines = async ({ place, input, operation, flags, progress }: Work): Promise<void> => {
  const { backend, log, signal, chunkSizes } = place
  if (backend.moves !== 'records') return
  const [{ decompress }, { writeRecords }, { formatReject }, { openReport }, { formatBytes, formatCount, formatPace }] =
    await Promise.all([
      import('../../streams/decompress.ts'),
      import('../../toolbox/write.ts'),
      import('../../toolbox/reject-report.ts'),
      import('../report-file.ts'),
      import('../progress.ts')
    ])
  const report = flags.report === undefined ? undefined : openReport(flags.report)
  const refused = tellRefusedLines(log)
  const goesOn = flags.ignoreErrors === true || report !== undefined
  const done: WriteProgress = { written: 0, already: 0, rejected: 0, bytes: 0 }
  let seen = 0
  /** The speed of a failed write says nothing. */
  let isWhole = false
  const packed = counted(input.chunks, (bytes) => {
    progress.add({ bytes, records: done.written + done.already - seen })
    seen = done.written + done.already
  })
  try {
    await writeRecords(backend, decompress(packed, 'auto'), {
      operation,
      target: flags.target,
      chunkSize: flags.chunkSize || Number(chunkSizes.writeChunkSize ?? 0) || defaultBatch,
      concurrency: flags.concurrency,
      maxLineBytes: flags.maxLineBytes,
      signal,
      progress: done,
      onRejected: goesOn
        ? (bad) => {
            refused.tell(bad.line, bad.reason, undefined)
            report?.add(formatReject(bad))
          }
        : undefined
    })
    if (done.bytes === 0) log.info('the input is empty: nothing was written')
    isWhole = true
  } finally {
    progress.add({ records: done.written + done.already - seen })
    const { written, already, rejected } = done
    const outcome =
      `${formatCount(written)} ${operation === 'delete' ? 'deleted' : 'written'}, ` +
      `${formatCount(already)} ${operation === 'delete' ? 'did not exist' : 'existed already'}, ` +
      `${formatCount(rejected)} rejected`
    // A failure before anything was read has no outcome.
    if (done.bytes > 0)
      progress.end((all) => (isWhole ? `${outcome} in ${formatPace(all)}` : `${outcome}, then it failed`))
    else progress.fail((all) => `failed after ${formatBytes(all.bytes)} were read`)
    report?.close()
  }
}

const write = async (
  place: OpenPlace,
  operation: WriteOperation,
  file: string | undefined,
  flags: WriteFlags,
  composition: Composition
): Promise<void> => {
  const [{ openInput, tellIfTyped }, { startProgress }] = await Promise.all([
    import('../input.ts'),
    import('../progress.ts')
  ])
  // When the writing ends, the reading ends too: the other end of a pipe may never send more.
  const ended = new AbortController()
  const input = await openInput(file, AbortSignal.any([place.signal, ended.signal]))
  tellIfTyped(input, place.log)
  const options = { enabled: flags.progress && !input.isTyped, log: place.log, stdoutIsFree: true } as const
  const progress = startProgress(`write ${place.choice.name}`, options)
  if (input.size !== undefined) progress.total({ bytes: input.size })
  const work: Work = { place, input, operation, flags, progress }
  try {
    if (place.backend.moves === 'bytes') await writeBytes(work, composition)
    else await writeLines(work)
  } finally {
    ended.abort()
  }
}

/** `ralph write`, also `ralph push`: writes standard input into a backend. */
export const declareWrite = (program: Command, composition: Composition): void => {
  const operation = choice(operations)
  const command = program
    .command('write')
    .alias('push')
    .summary('write into a backend')
    .description('Writes records, one JSON object per line, or any bytes into a backend.')
    .argument('[file]', 'file to write; - or none: standard input')
  addBackendOptions(command, composition, ({ write: can }) => can.length > 0)
    .option('-t, --target <target>', 'where to write to, instead of where the settings say')
    .option(
      '-s, --chunk-size <number>',
      'records per request (default: 500)',
      flagOf('--chunk-size', integer(0, 2 ** 31))
    )
    .option('-I, --ignore-errors', 'continue after rejected lines and records')
    .option(
      '-o, --operation-type <operation>',
      `${operations.join(', ')} (default: the first one that \`ralph backends\` lists)`,
      flagOf('--operation-type', operation)
    )
    .addOption(
      new Option('--operation <operation>')
        .argParser(flagOf('--operation', operation))
        .conflicts('operationType')
        .hideHelp()
    )
    .addOption(new Option('-f, --force', 'overwrite, as in Python Ralph 3').conflicts(['operationType', 'operation']))
    .option('-c, --concurrency <number>', 'most concurrent requests', flagOf('--concurrency', integer(1, 1000)), 1)
    .addOption(maxLineBytesOption('reject longer lines'))
    .option('--report <file>', 'write rejected lines to this file, with line number and reason, and continue')
    .option('--no-progress', 'do not show progress')
    .action(async (file: string | undefined, flags: WriteFlags) => {
      const { requireOperation } = await import('../../toolbox/write.ts')
      const operationOf = (backend: OpenPlace['choice']): WriteOperation =>
        requireOperation(backend.name, backend.capabilities, wantedOf(flags, backend))
      await withPlace(command, composition, { name: flags.backend, require: operationOf }, (place) =>
        write(place, operationOf(place.choice), file, flags, composition)
      )
    })
}
