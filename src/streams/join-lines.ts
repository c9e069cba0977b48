import type { Compression } from './compression.ts'
import { decompress } from './decompress.ts'

const lineFeed = 10

/**
 * Joins files of lines into one. Each is decompressed by itself, so plain and compressed files can be mixed. A file without a line feed at
 * its end gets one if another file follows, so that two lines stay two.
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
      // The consumer may change or transfer the bytes of the chunk.
      last = chunk.at(-1) ?? lineFeed
      yield chunk
    }
  }
}
