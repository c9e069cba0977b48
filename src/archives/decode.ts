import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { decompress } from '../streams/decompress.ts'
import { sayingWhere } from './archive-errors.ts'
import type { Packing } from './identify.ts'
import type { Budget } from './limits.ts'

/** By WebAssembly in the package, so neither a compiler nor a program is needed. */
const throughXz = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { default: xz } = await import('xz-decompress')
  const packed: ReadableStream = Readable.toWeb(Readable.from(chunks, { objectMode: false }))
  const plain: AsyncIterable<Uint8Array> = new xz.XzReadableStream(packed)
  yield* plain
}

/** The decompressed bytes. Throws `INVALID_ARCHIVE`, and the errors of the budget. */
export async function* decode(
  chunks: AsyncIterable<Uint8Array>,
  packing: Exclude<Packing, 'zip' | 'tar'>,
  path: string,
  budget: Budget
): AsyncGenerator<Uint8Array, void, undefined> {
  const plain = packing === 'xz' ? throughXz(chunks) : decompress(chunks, packing)
  for await (const chunk of sayingWhere(plain, path)) {
    budget.unpacked(chunk.length)
    yield chunk
  }
}
