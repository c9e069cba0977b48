/** Bytes of one chunk. A document keeps a chunk as base64, and Elasticsearch holds the document in memory as a whole. */
const chunkSize = 3 * 2 ** 20

export interface ChunkDocument {
  /** Base64. */
  readonly part: string
  /** The number of chunks, and their size together in bytes. */
  readonly parts: number
  readonly size: number
}

/** Yields at least one chunk: empty content has one empty chunk. Each chunk is made only when it is needed. */
export function* chunksOf(content: Uint8Array): Generator<ChunkDocument> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const parts = Math.max(Math.ceil(bytes.length / chunkSize), 1)
  for (let at = 0; at < parts; at += 1) {
    yield { part: bytes.toString('base64', at * chunkSize, (at + 1) * chunkSize), parts, size: bytes.length }
  }
}

/** Only Ralph writes these documents. */
export const chunkIn = (source: Buffer): ChunkDocument => JSON.parse(source.toString()) as ChunkDocument

export const contentOf = (parts: readonly ChunkDocument[]): Buffer =>
  Buffer.concat(parts.map(({ part }) => Buffer.from(part, 'base64')))
