import type { Clock } from '../../contracts/clock.ts'
import type { DocumentKey, DocumentStore, StoredDocument } from '../../contracts/document-store.ts'
import type { StoreCopy } from '../../contracts/store-copy.ts'
import { createIncreasingClock } from '../../durability/increasing-clock.ts'
import { createDocumentIndex, isSameKey } from '../../storage/memory-index/document-index.ts'
import { etagOf } from '../../xapi/concurrency.ts'

export const createMemoryDocuments = (
  clock: Clock,
  requireOpen: () => void
): DocumentStore & { readonly copy: Pick<StoreCopy, 'documents' | 'restoreDocuments'> } => {
  const documents = createDocumentIndex<DocumentKey, StoredDocument>()
  const times = createIncreasingClock(clock)
  return {
    get: async (key, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      return documents.get(key)
    },
    // Nothing is awaited between the read and the write, so no other change can come in between.
    change: async (key, change, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      const present = documents.get(key)
      const next = change(present)
      if (next === present) return present
      if (next === undefined) {
        documents.delete(key)
        return undefined
      }
      const content = new Uint8Array(next.content)
      const etag = etagOf(content)
      const stored = { content, contentType: next.contentType, etag, updated: times.next() }
      documents.set(key, stored)
      return stored
    },
    ids: async (scope, since = Number.NEGATIVE_INFINITY, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      const ids = new Set<string>()
      for (const [key, { updated }] of documents.within(scope)) if (updated > since) ids.add(key.id)
      return [...ids].sort()
    },
    clear: async (scope, options) => {
      requireOpen()
      options?.signal?.throwIfAborted()
      for (const [key] of [...documents.within(scope)]) documents.delete(key)
    },
    copy: {
      documents: async (after, limit, options) => {
        requireOpen()
        options?.signal?.throwIfAborted()
        const all = [...documents.all()].map(([key, document]) => ({ key, document }))
        const start = after === undefined ? 0 : all.findIndex(({ key }) => isSameKey(key, after)) + 1
        return all.slice(start, start + limit)
      },
      restoreDocuments: async (restored, options) => {
        requireOpen()
        options?.signal?.throwIfAborted()
        for (const { key, document } of restored) {
          documents.set(key, { ...document, content: new Uint8Array(document.content) })
          times.passed(document.updated)
        }
      }
    }
  }
}
