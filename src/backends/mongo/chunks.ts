import { Binary, ObjectId } from 'mongodb'
import { RalphError } from '../../errors.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import type { ChunkDocument, Content } from './document-types.ts'

/** Bytes in one document: half of the limit of MongoDB. */
export const maxChunk = 8 * 2 ** 20

/** A view of the bytes, for both types that the driver returns. */
export const bytesOf = (value: Binary | Uint8Array): Uint8Array => (value instanceof Binary ? value.buffer : value)

/** The documents that keep one content. The chunks are written first, because a reader finds them only through the content. */
export interface PlannedContent {
  readonly content: Content
  readonly parts: readonly ChunkDocument[]
}

/** Splits the content into chunks if it is longer than `most`. */
export const planContent = (bytes: Uint8Array, most = maxChunk): PlannedContent => {
  const size = bytes.byteLength
  if (size <= most) return { content: { content: new Binary(bytes), size }, parts: [] }
  const parts = Array.from({ length: Math.ceil(size / maxChunk) }, (_, index) => ({
    _id: new ObjectId(),
    content: new Binary(bytes.subarray(index * maxChunk, (index + 1) * maxChunk))
  }))
  return { content: { parts: parts.map(({ _id }) => _id), size }, parts }
}

export const writeChunks = async (collections: Collections, parts: readonly ChunkDocument[]): Promise<void> => {
  for (const part of parts) await collections.parts.insertOne(part, { maxTimeMS: timeLimits.write })
}

/** Returns the whole content, or undefined when a chunk is gone: somebody replaced the content after it was read. */
export const readContent = async (
  { parts }: Collections,
  { content, parts: ids, size }: Content,
  signal?: AbortSignal
): Promise<Uint8Array | undefined> => {
  if (content !== undefined) return bytesOf(content)
  if (ids === undefined) throw new RalphError('STORE_CORRUPT', 'a document of MongoDB lacks its content')
  const whole = Buffer.allocUnsafe(size)
  let end = 0
  for (const _id of ids) {
    const part = await parts.findOne({ _id }, { maxTimeMS: timeLimits.read, signal })
    if (part === null) return undefined
    const bytes = bytesOf(part.content)
    whole.set(bytes, end)
    end += bytes.byteLength
  }
  return whole
}

/** Removes the chunks of contents that no document refers to any more. */
export const removeChunks = async (
  { parts }: Collections,
  contents: readonly Pick<Content, 'parts'>[]
): Promise<void> => {
  const ids = contents.flatMap(({ parts = [] }) => [...parts])
  if (ids.length > 0) await parts.deleteMany({ _id: { $in: ids } }, { maxTimeMS: timeLimits.write })
}
