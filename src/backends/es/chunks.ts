/** Bytes of one part of something large: as base64 in one document, which is held in memory as a whole. */
const chunkSize = 3 * 2 ** 20

export interface ChunkDocument {
  /** Base64. */
  readonly part: string
  /** How many there are, and how many bytes they have together. */
  readonly parts: number
  readonly size: number
}

/** At least one: that of nothing is empty. Each is made when it is asked for. */
export function* chunksOf(content: Uint8Array): Generator<ChunkDocument> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const parts = Math.max(Math.ceil(bytes.length / chunkSize), 1)
  for (let at = 0; at < parts; at += 1) {
    yield { part: bytes.toString('base64', at * chunkSize, (at + 1) * chunkSize), parts, size: bytes.length }
  }
}

/** Ralph alone writes these documents. */
export const chunkIn = (source: Buffer): ChunkDocument => JSON.parse(source.toString()) as ChunkDocument

export const contentOf = (parts: readonly ChunkDocument[]): Buffer =>
  Buffer.concat(parts.map(({ part }) => Buffer.from(part, 'base64')))
