/** Bytes of one part of something large: as base64 in one document, which is held in memory as a whole. */
const partSize = 3 * 2 ** 20

export interface PartDocument {
  /** Base64. */
  readonly part: string
  /** How many there are, and how many bytes they have together. */
  readonly parts: number
  readonly size: number
}

/** At least one: that of nothing is empty. Each is made when it is asked for. */
export function* partsOf(content: Uint8Array): Generator<PartDocument> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const parts = Math.max(Math.ceil(bytes.length / partSize), 1)
  for (let at = 0; at < parts; at += 1) {
    yield { part: bytes.toString('base64', at * partSize, (at + 1) * partSize), parts, size: bytes.length }
  }
}

/** Nobody else writes them. */
export const partIn = (source: Buffer): PartDocument => JSON.parse(source.toString()) as PartDocument

export const contentOf = (parts: readonly PartDocument[]): Buffer =>
  Buffer.concat(parts.map(({ part }) => Buffer.from(part, 'base64')))
