import type { AttachmentContent, AttachmentStore } from '../../contracts/statement-store.ts'
import type { BulkAction } from './bulk.ts'
import { type ChunkDocument, chunkIn, chunksOf, contentOf } from './chunks.ts'
import { type Got, multiGet } from './multi-get.ts'
import type { TargetIndices } from './target-indices.ts'

/** Writes each attachment in chunks, under its digest. A chunk that exists already is the same. */
export const writeAttachments = (
  { kept, keys }: TargetIndices,
  attachments: readonly AttachmentContent[]
): BulkAction[] =>
  attachments.flatMap(({ sha2, content }) =>
    Array.from(
      chunksOf(content),
      (part, at): BulkAction => ({
        index: kept,
        id: keys.attachment(sha2, at),
        source: JSON.stringify(part),
        expects: 'nothing'
      })
    )
  )

/** The number of attachments that are read together. The first chunks of so many fit into memory. */
const groupSize = 8

const partOf = (got: Got | undefined): ChunkDocument | undefined =>
  got?.source === undefined ? undefined : chunkIn(got.source)

export const createAttachments = ({ connection, kept, keys }: TargetIndices): AttachmentStore => {
  /** The chunks after the first one. */
  const readRest = async (sha2: string, first: ChunkDocument, signal?: AbortSignal): Promise<ChunkDocument[]> => {
    const wanted = Array.from({ length: first.parts - 1 }, (_, at) => ({
      index: kept,
      id: keys.attachment(sha2, at + 1)
    }))
    return (await multiGet(connection, wanted, signal)).flatMap((got) => partOf(got) ?? [])
  }

  return {
    read: async function* (sha2s, { signal } = {}) {
      const all = [...new Set(sha2s)]
      for (let start = 0; start < all.length; start += groupSize) {
        const some = all.slice(start, start + groupSize)
        const wanted = some.map((sha2) => ({ index: kept, id: keys.attachment(sha2, 0) }))
        const firsts = await multiGet(connection, wanted, signal)
        for (const [at, sha2] of some.entries()) {
          signal?.throwIfAborted()
          const first = partOf(firsts[at])
          if (first === undefined) continue
          const rest = first.parts === 1 ? [] : await readRest(sha2, first, signal)
          // If an attachment was never written whole, its statement was not written either.
          if (rest.length === first.parts - 1) yield { sha2, content: contentOf([first, ...rest]) }
        }
      }
    }
  }
}
