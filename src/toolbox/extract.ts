import { readBlocks } from '../streams/lines.ts'
import { createExtract, type ExtractTask } from './extract-block.ts'
import type { BadLine } from './records.ts'

export interface ExtractRequest extends ExtractTask {
  readonly onBad: (bad: BadLine) => void
  /** Told after each block. */
  readonly onProgress: (done: { readonly records: number; readonly bytes: number }) => void
}

/**
 * Records out of what they are wrapped in, one per line, in their order. Bad lines are told and passed over. A chunk is
 * good until the next one is asked for, and no more is asked of the chunks of the input.
 */
export async function* extractRecords(
  input: AsyncIterable<Uint8Array>,
  { onBad, onProgress, ...task }: ExtractRequest
): AsyncGenerator<Uint8Array, void, undefined> {
  const blocks = readBlocks(input, { maxLineBytes: task.maxLineBytes, lent: true })
  // In this thread: handing bytes over to another one takes longer than cutting them.
  const work = createExtract(task)
  let before = 0
  for await (const block of blocks) {
    const { bytes, bad, extracted, lines, size } = work(block)
    onProgress({ records: extracted, bytes: size })
    if (bytes.length > 0) yield bytes
    for (const { index, reason, text } of bad) onBad({ line: before + index + 1, reason, text })
    before += lines
  }
}
