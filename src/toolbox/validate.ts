import { RalphError } from '../errors.ts'
import { type LineBlock, readBlocks } from '../streams/lines.ts'
import { mapInOrder, moduleBeside } from '../streams/ordered-map.ts'
import type { Fault } from '../validation/explain.ts'
import type { BadLine } from './records.ts'
import type { ValidatedBlock, ValidateTask } from './validate-work.ts'

/** How far it is. */
export interface ValidateProgress {
  /** Records that were looked at. */
  total: number
  /** Of those, records that are not valid; unknown ones too. */
  invalid: number
}

/** A line that is not valid. */
export interface Refused extends BadLine {
  /** What kind of record it is that no model is for; undefined: it is wrong. */
  readonly unknown: string | undefined
  readonly problems: readonly Fault[]
}

export interface ValidateRequest extends ValidateTask {
  /** Threads at most. */
  readonly jobs: number
  /** Bytes of input after which threads are started; undefined: when it pays. */
  readonly startAfter?: number | undefined
  readonly progress: ValidateProgress
  /** Told of each line that is not valid. `isLast`: it ends the command. */
  readonly onRefused: (refused: Refused, isLast: boolean) => void
  /** Told after each block. */
  readonly onProgress: (done: { readonly records: number; readonly bytes: number }) => void
}

/**
 * The lines that are valid, as they came, in their order. Where it must not go on it throws `INVALID_INPUT`, when
 * everything before was yielded and told.
 */
export async function* validateRecords(
  input: AsyncIterable<Uint8Array>,
  { jobs, startAfter, progress, onRefused, onProgress, ...task }: ValidateRequest
): AsyncGenerator<Uint8Array, void, undefined> {
  const blocks = readBlocks(input, task)
  const module = moduleBeside('validate-work', import.meta.url)
  const start = startAfter === undefined ? {} : { startAfter }
  let before = 0
  for await (const block of mapInOrder<LineBlock, ValidatedBlock>(blocks, { module, data: task, jobs, ...start })) {
    const { bytes, refused, valid, lines, size, stopped } = block
    const records = valid + refused.length
    progress.total += records
    progress.invalid += refused.length
    onProgress({ records, bytes: size })
    if (bytes.length > 0) yield bytes
    let last: Refused | undefined
    for (const [position, { index, ...why }] of refused.entries()) {
      last = { line: before + index + 1, ...why }
      onRefused(last, stopped && position === refused.length - 1)
    }
    if (stopped && last !== undefined) {
      throw new RalphError('INVALID_INPUT', `line ${last.line} ${last.reason}`, { line: last.line })
    }
    before += lines
  }
}
