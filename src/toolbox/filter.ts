import { RalphError } from '../errors.ts'
import { type LineBlock, readBlocks } from '../streams/lines.ts'
import { mapInOrder } from '../streams/ordered-map.ts'
import type { ThreadChunk } from '../streams/thread-work.ts'
import type { Fault } from '../validation/explain.ts'
import type { BadLine } from './records.ts'

/** What every thread that filters lines is told. */
export interface FilterTask {
  readonly maxLineBytes: number
  /** A block ends before its first line that is wrong. */
  readonly stopAtInvalid: boolean
  /** A block ends before its first line that nobody knows. */
  readonly stopAtUnknown: boolean
}

/** A line that does not pass. */
export interface RefusedLine {
  /** In its block, from 0. */
  readonly index: number
  /** What kind of record it is, where nobody knows such a thing; undefined: it is wrong. */
  readonly unknown: string | undefined
  readonly reason: string
  /** What is wrong with it, for a machine; none: the reason says all. */
  readonly problems: readonly Fault[]
  /** Undefined: it cannot be shown. */
  readonly text: string | undefined
}

/** What became of a block: what is passed on, and why the rest is not. */
export interface FilteredBlock extends ThreadChunk {
  readonly refused: readonly RefusedLine[]
  /** Records that passed. */
  readonly passed: number
  /** Lines of the block, empty and dropped ones too. */
  readonly lines: number
  /** Of input. */
  readonly size: number
  /** It ended early: the last of `refused` says why. */
  readonly stopped: boolean
}

/** How far it is. */
export interface FilterProgress {
  /** Records that were looked at. */
  total: number
  /** Of those, records that did not pass; unknown ones too. */
  invalid: number
}

export interface RejectedLine extends BadLine, Pick<RefusedLine, 'unknown' | 'problems'> {}

export interface FilterRequest {
  /** Threads at most. */
  readonly jobs: number
  /** Bytes of input after which threads are started; undefined: when it pays. */
  readonly startAfter?: number | undefined
  readonly progress: FilterProgress
  /** Told of each line that does not pass. `isLast`: it ends the command. */
  readonly onRefused: (refused: RejectedLine, isLast: boolean) => void
  /** Told after each block. */
  readonly onProgress: (done: { readonly records: number; readonly bytes: number }) => void
}

/**
 * What `module` makes of the lines, in their order. Where it must not go on it throws `INVALID_INPUT`, when everything
 * before was yielded and told.
 */
export async function* filterRecords<Task extends FilterTask>(
  input: AsyncIterable<Uint8Array>,
  module: URL,
  task: Task,
  { jobs, startAfter, progress, onRefused, onProgress }: FilterRequest
): AsyncGenerator<Uint8Array, void, undefined> {
  const blocks = readBlocks(input, { maxLineBytes: task.maxLineBytes })
  const start = startAfter === undefined ? {} : { startAfter }
  let before = 0
  for await (const block of mapInOrder<LineBlock, FilteredBlock>(blocks, { module, data: task, jobs, ...start })) {
    const { bytes, refused, passed, lines, size, stopped } = block
    const records = passed + refused.length
    progress.total += records
    progress.invalid += refused.length
    onProgress({ records, bytes: size })
    if (bytes.length > 0) yield bytes
    let last: RejectedLine | undefined
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
