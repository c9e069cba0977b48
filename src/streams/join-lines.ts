import type { Compression } from './compression.ts'
import { decompress } from './decompress.ts'

const lineFeed = 10

/**
 * Files of lines as one: each unpacked by itself, as it begins, so that plain and compressed ones can follow each other.
 * One that ends without a line feed gets it when another one follows: its last line and the next first one stay two.
 */
export async function* joinLines(
  files: Iterable<AsyncIterable<Uint8Array>>,
  compression: Compression
): AsyncGenerator<Uint8Array, void, undefined> {
  let last = lineFeed
  for (const file of files) {
    let hasBegun = false
    for await (const chunk of decompress(file, compression)) {
      if (chunk.length === 0) continue
      if (!hasBegun && last !== lineFeed) yield Uint8Array.of(lineFeed)
      hasBegun = true
      // Whoever takes the chunk may change or hand over its bytes.
      last = chunk.at(-1) ?? lineFeed
      yield chunk
    }
  }
}
