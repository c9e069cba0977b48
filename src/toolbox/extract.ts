import { type LineBlock, readBlocks } from '../streams/lines.ts'
import { mapInOrder, moduleBeside } from '../streams/ordered-map.ts'
import type { ExtractedBlock, ExtractTask } from './extract-work.ts'
import type { BadLine } from './records.ts'

export interface ExtractRequest extends ExtractTask {
  /** Threads at most. */
  readonly jobs: number
  readonly onBad: (bad: BadLine) => void
  /** Told after each block. */
  readonly onProgress: (done: { readonly records: number; readonly bytes: number }) => void
}

/** Records out of what they are wrapped in, one per line, in their order. Bad lines are told and passed over. */
export async function* extractRecords(
  input: AsyncIterable<Uint8Array>,
  { jobs, onBad, onProgress, ...task }: ExtractRequest
): AsyncGenerator<Uint8Array, void, undefined> {
  const blocks = readBlocks(input, { maxLineBytes: task.maxLineBytes })
  const module = moduleBeside('extract-work', import.meta.url)
  let before = 0
  for await (const block of mapInOrder<LineBlock, ExtractedBlock>(blocks, { module, data: task, jobs })) {
    const { bytes, bad, extracted, lines, size } = block
    onProgress({ records: extracted, bytes: size })
    if (bytes.length > 0) yield bytes
    for (const { index, reason, text } of bad) onBad({ line: before + index + 1, reason, text })
    before += lines
  }
}
