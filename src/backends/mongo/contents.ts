import { Binary, ObjectId } from 'mongodb'
import { RalphError } from '../../errors.ts'
import type { Collections, Content } from './collections.ts'
import { timeLimits } from './connect.ts'

/** Bytes in one document: half of MongoDB's limit, so that two fit into one message. */
export const maxPart = 8 * 2 ** 20

/** A view of the bytes of what was read, whichever the driver made of it. */
export const bytesOf = (value: Binary | Uint8Array): Uint8Array => (value instanceof Binary ? value.buffer : value)

/** Writes the parts, if it takes any, and gives what stands for the content: nobody sees them before that is written. */
export const writeContent = async ({ parts }: Collections, content: Uint8Array): Promise<Content> => {
  const size = content.byteLength
  if (size <= maxPart) return { content: new Binary(content), size }
  const ids: ObjectId[] = []
  for (let start = 0; start < size; start += maxPart) {
    const _id = new ObjectId()
    const part = { _id, content: new Binary(content.subarray(start, start + maxPart)) }
    await parts.insertOne(part, { maxTimeMS: timeLimits.write })
    ids.push(_id)
  }
  return { parts: ids, size }
}

/** The whole content; undefined when a part is gone: somebody has replaced it since `content` was read. */
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

/** Of what nothing stands for any more. */
export const removeParts = async ({ parts }: Collections, contents: readonly Content[]): Promise<void> => {
  const ids = contents.flatMap(({ parts = [] }) => [...parts])
  if (ids.length > 0) await parts.deleteMany({ _id: { $in: ids } }, { maxTimeMS: timeLimits.write })
}
