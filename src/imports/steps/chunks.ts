import type { DeliveredStatement } from '../../contracts/imports.ts'
import type { ConvertedBlock } from './convert-work.ts'

/** A statement of a chunk, and its origin. */
export interface ChunkStatement extends DeliveredStatement {
  readonly path: string
  /** Line of the file, from 1. */
  readonly line: number
}

/** A record that was refused, and its position. */
export interface RefusedPlace {
  readonly path: string
  readonly line: number
  readonly reason: string
  readonly text: string | undefined
}

/** Delivered together. After it the import can be continued. */
export interface Chunk {
  readonly statements: readonly ChunkStatement[]
  readonly refused: readonly RefusedPlace[]
  readonly read: number
  readonly converted: number
  /** Where to continue after it. */
  readonly after: { readonly leaf: number; readonly line: number }
}

const statementsOf = ({ bytes, ends, at, ids, path, first }: ConvertedBlock): readonly ChunkStatement[] => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return ends.map((end, index) => ({
    text: buffer.toString('utf8', ends[index - 1] ?? 0, end),
    id: ids[index] ?? '',
    path,
    line: first + (at[index] ?? 0) + 1
  }))
}

const refusedOf = ({ refused, path, first }: ConvertedBlock): readonly RefusedPlace[] =>
  refused.map(({ index, reason, text }) => ({ path, line: first + index + 1, reason, text }))

/** The approximate maximum of bytes of statements in a chunk, however few they are. */
const mostBytes = 2 ** 22

const joined = (blocks: readonly ConvertedBlock[], last: ConvertedBlock): Chunk => ({
  statements: blocks.flatMap(statementsOf),
  refused: blocks.flatMap(refusedOf),
  read: blocks.reduce((sum, { read }) => sum + read, 0),
  converted: blocks.reduce((sum, { converted }) => sum + converted, 0),
  after: { leaf: last.leaf, line: last.next }
})

/** Joins blocks into chunks of at least this many statements, except the last one. */
export async function* chunksOf(
  blocks: AsyncIterable<ConvertedBlock>,
  size: number
): AsyncGenerator<Chunk, void, undefined> {
  let waiting: ConvertedBlock[] = []
  let statements = 0
  let bytes = 0
  for await (const block of blocks) {
    waiting.push(block)
    statements += block.ends.length
    bytes += block.bytes.length
    if (statements < size && bytes < mostBytes) continue
    yield joined(waiting, block)
    waiting = []
    statements = 0
    bytes = 0
  }
  const last = waiting.at(-1)
  if (last !== undefined) yield joined(waiting, last)
}
