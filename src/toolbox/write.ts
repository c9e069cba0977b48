import type {
  BatchReport,
  BytesBackend,
  DataCapabilities,
  InputRecord,
  MovedObject,
  RecordsBackend,
  WriteOperation
} from '../contracts/data-backend.ts'
import { RalphError } from '../errors.ts'
import { withPauses } from '../streams/pauses.ts'
import { type BadLine, readRecords } from './records.ts'

/** How far it is. */
export interface WriteProgress {
  /** Records that were written, or were there before, equal. */
  written: number
  already: number
  rejected: number
  /** Of input. */
  bytes: number
}

export interface WriteRequest {
  readonly operation: WriteOperation
  readonly target: string | undefined
  /** Records per batch. */
  readonly chunkSize: number
  /** Batches that are under way at once. */
  readonly concurrency: number
  readonly maxLineBytes: number
  readonly signal: AbortSignal
  /** Goes on after lines and records that are rejected; each is told here. Undefined: the first one ends it. */
  readonly onRejected: ((rejected: BadLine) => void) | undefined
  readonly progress: WriteProgress
}

/** `UNSUPPORTED_OPERATION`, before anything is asked of the place. */
export const requireOperation = (
  backend: string,
  { write }: DataCapabilities,
  wanted: WriteOperation | undefined
): WriteOperation => {
  const operation = wanted ?? write[0]
  if (operation !== undefined && write.includes(operation)) return operation
  throw new RalphError(
    'UNSUPPORTED_OPERATION',
    write.length === 0
      ? `${backend} is read-only`
      : `${backend} cannot ${operation}: its operations are ${write.join(', ')}`,
    { backend, operation }
  )
}

/** Milliseconds without input after which what has come goes out, however little it is: messages of a stream wait no longer. */
const longestPause = 1000

/** Of so many the reasons are told. */
const mostTold = 10

const allOf = (refused: readonly BadLine[]): RalphError => {
  const ordered = refused.toSorted((one, other) => one.line - other.line)
  const told = ordered.slice(0, mostTold).map(({ line, reason }) => `line ${line} ${reason}`)
  const others = ordered.length > mostTold ? [`and ${ordered.length - mostTold} more lines`] : []
  return new RalphError('INVALID_INPUT', [...told, ...others].join('; '), { lines: ordered.map(({ line }) => line) })
}

/** Whatever was written before is durable and counted; what was under way is waited for, so that it can be counted. */
export const writeRecords = async (
  backend: RecordsBackend,
  input: AsyncIterable<Uint8Array>,
  request: WriteRequest
): Promise<void> => {
  const { operation, target, chunkSize, concurrency, maxLineBytes, signal, onRejected, progress } = request
  if (backend.write === undefined) throw new RalphError('UNSUPPORTED_OPERATION', 'the backend is read-only')
  const write = backend.write.bind(backend)
  const underWay = new Set<Promise<void>>()
  const refused: BadLine[] = []
  let failure: { readonly error: unknown } | undefined
  const stop = new AbortController()
  const fail = (error: unknown): void => {
    failure ??= { error }
    stop.abort()
  }

  const reject = (bad: BadLine): void => {
    progress.rejected += 1
    if (onRejected !== undefined) onRejected(bad)
    else {
      refused.push(bad)
      fail(new RalphError('INVALID_INPUT', `line ${bad.line} ${bad.reason}`, { line: bad.line }))
    }
  }

  const count = ({ written, already, rejected }: BatchReport): void => {
    progress.written += written
    progress.already += already
    for (const { record, reason } of rejected) reject({ line: record.line, reason, text: record.text })
  }

  const send = async (batch: readonly InputRecord[]): Promise<void> => {
    while (underWay.size >= concurrency) await Promise.race(underWay)
    if (failure !== undefined) return
    const sending: Promise<void> = write(batch, { operation, target, signal })
      .then(count, fail)
      .finally(() => underWay.delete(sending))
    underWay.add(sending)
  }

  let batch: InputRecord[] = []
  try {
    for await (const arrived of withPauses(readRecords(input, { maxLineBytes }), longestPause, stop.signal)) {
      signal.throwIfAborted()
      if (arrived === 'pause') {
        if (batch.length > 0) await send(batch)
        batch = []
        continue
      }
      const { records, bad, bytes } = arrived
      progress.bytes += bytes
      const firstBad = onRejected === undefined ? (bad[0]?.line ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
      for (const record of records) {
        if (record.line > firstBad) break
        batch.push(record)
        if (batch.length < chunkSize) continue
        await send(batch)
        batch = []
      }
      if (firstBad < Number.POSITIVE_INFINITY) {
        // What came before it is written; what comes behind it is not.
        if (batch.length > 0) await send(batch)
        batch = []
      }
      for (const each of bad) reject(each)
      if (failure !== undefined) break
    }
    if (batch.length > 0) await send(batch)
  } catch (error) {
    fail(error)
  }
  await Promise.all(underWay)
  if (failure === undefined) return
  const { error } = failure
  // The batches that were under way may have been refused more than the one record that ended it.
  throw refused.length > 1 && error instanceof RalphError && error.code === 'INVALID_INPUT' ? allOf(refused) : error
}

/** Undefined: there was no input, and nothing was made. */
export const writeObject = async (
  backend: BytesBackend,
  input: AsyncIterable<Uint8Array>,
  { operation, target, signal, progress }: Pick<WriteRequest, 'operation' | 'target' | 'signal' | 'progress'>
): Promise<MovedObject | undefined> => {
  const chunks = input[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done) return undefined
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    progress.bytes += first.value.length
    yield first.value
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      signal.throwIfAborted()
      progress.bytes += next.value.length
      yield next.value
    }
  }
  if (backend.write === undefined) throw new RalphError('UNSUPPORTED_OPERATION', 'the backend is read-only')
  return backend.write(counted(), { operation, target, signal })
}
