import type { AttachmentContent } from '../../contracts/statement-store.ts'
import { groupsBySize } from '../../xapi/groups.ts'
import { bytesOf, maxChunk, planContent, readContent, writeChunks } from './chunks.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import type { AttachmentDocument } from './document-types.ts'
import { isDuplicateKey } from './errors.ts'

/** The name of a content is its digest. So a content that exists already is the same, and no statement names what a dead session left. */
export const writeAttachments = async (
  collections: Collections,
  added: readonly AttachmentContent[]
): Promise<void> => {
  if (added.length === 0) return
  const { attachments } = collections
  const ids = added.map(({ sha2 }) => sha2)
  const present = await attachments
    .find({ _id: { $in: ids } }, { projection: { _id: 1 }, maxTimeMS: timeLimits.read })
    .toArray()
  const known = new Set(present.map(({ _id }) => _id))
  const fresh = added.filter(({ sha2 }) => !known.has(sha2))
  for (const group of groupsBySize(fresh, ({ content }) => content.byteLength, maxChunk)) {
    const documents: AttachmentDocument[] = []
    for (const { sha2, content } of group) {
      const planned = planContent(content)
      await writeChunks(collections, planned.parts)
      documents.push({ _id: sha2, ...planned.content })
    }
    try {
      await attachments.insertMany(documents, { ordered: false, maxTimeMS: timeLimits.write })
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
    }
  }
}

/**
 * Yields attachments in the order of the request. Small ones are fetched together, so neither memory nor requests grow with their number.
 */
export async function* readAttachments(
  collections: Collections,
  sha2s: readonly string[],
  signal: AbortSignal | undefined
): AsyncGenerator<AttachmentContent> {
  const wanted = [...new Set(sha2s)]
  if (wanted.length === 0) return
  const { attachments } = collections
  const options = { maxTimeMS: timeLimits.read, signal }
  const heads = await attachments
    .find({ _id: { $in: wanted } }, { ...options, projection: { size: 1, parts: 1 } })
    .toArray()
  const headOf = new Map(heads.map((head) => [head._id, head]))
  const there = wanted.map((sha2) => headOf.get(sha2)).filter((head) => head !== undefined)
  for (const group of groupsBySize(there, ({ size }) => size, maxChunk)) {
    const whole = group.filter(({ parts }) => parts === undefined).map(({ _id }) => _id)
    const found = whole.length === 0 ? [] : await attachments.find({ _id: { $in: whole } }, options).toArray()
    const contentOf = new Map(found.map(({ _id, content }) => [_id, content]))
    for (const head of group) {
      const content = contentOf.get(head._id)
      const bytes = content === undefined ? await readContent(collections, head, signal) : bytesOf(content)
      if (bytes !== undefined) yield { sha2: head._id, content: bytes }
    }
  }
}
