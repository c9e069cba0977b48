import { RalphError } from '../errors.ts'
import { type LineBlock, readBlocks } from '../streams/lines.ts'
import { mapInOrder, moduleBeside } from '../streams/ordered-map.ts'
import type { ConvertedBlock, ConvertTask } from './convert-work.ts'
import type { BadLine } from './records.ts'

/** How far it is. */
export interface ConvertProgress {
  /** Events that were looked at. */
  total: number
  /** Of those, events that became no statement; unknown ones too. */
  invalid: number
  /** Of input. */
  bytes: number
}

export interface ConvertRequest extends ConvertTask {
  /** Threads at most. */
  readonly jobs: number
  readonly progress: ConvertProgress
  /**
   * Told of each line that became no statement. `unknown` is the kind of event where nobody knows it; `isLast`: it ends
   * the conversion.
   */
  readonly onRejected: (rejected: BadLine, unknown: string | undefined, isLast: boolean) => void
  /** Told after each block. */
  readonly onProgress: (done: { readonly records: number; readonly bytes: number }) => void
}

/**
 * Records as statements, one per line, in their order. Where it must not go on it throws `INVALID_INPUT`, when
 * everything before was yielded and told.
 */
export async function* convertRecords(
  input: AsyncIterable<Uint8Array>,
  { jobs, progress, onRejected, onProgress, ...task }: ConvertRequest
): AsyncGenerator<Uint8Array, void, undefined> {
  const blocks = readBlocks(input, { maxLineBytes: task.maxLineBytes })
  const module = moduleBeside('convert-work', import.meta.url)
  let before = 0
  for await (const block of mapInOrder<LineBlock, ConvertedBlock>(blocks, { module, data: task, jobs })) {
    const { bytes, unconverted, converted, lines, size, stopped } = block
    const records = converted + unconverted.length
    progress.total += records
    progress.invalid += unconverted.length
    progress.bytes += size
    onProgress({ records, bytes: size })
    if (bytes.length > 0) yield bytes
    let last: BadLine | undefined
    for (const [position, { index, unknown, reason, text }] of unconverted.entries()) {
      last = { line: before + index + 1, reason, text }
      onRejected(last, unknown, stopped && position === unconverted.length - 1)
    }
    if (stopped && last !== undefined) {
      throw new RalphError('INVALID_INPUT', `line ${last.line} ${last.reason}`, { line: last.line })
    }
    before += lines
  }
}
