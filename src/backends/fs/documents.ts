import type { DocumentContent, DocumentKey, DocumentScope, StoredDocument } from '../../contracts/document-store.ts'
import type { KeyedDocument } from '../../contracts/store-copy.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { createDocumentIndex, type DocumentIndex, isSameKey } from '../../storage/memory-index/document-index.ts'
import { etagOf } from '../../xapi/concurrency.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { type ByteRange, read, readNow } from './file.ts'
import type { Journal } from './journal.ts'
import type { Transaction } from './transaction.ts'

/** A document whose content is in the journal. */
export interface LocatedDocument extends Omit<StoredDocument, 'content'> {
  readonly range: ByteRange
}

export type LocatedDocuments = DocumentIndex<DocumentKey, LocatedDocument>

export interface FsDocuments {
  get(key: DocumentKey): Promise<StoredDocument | undefined>
  ids(scope: DocumentScope, since?: Micros): readonly string[]
  /** A job of a transaction, as is `clear`. */
  change(
    key: DocumentKey,
    change: (present: StoredDocument | undefined) => DocumentContent | undefined
  ): StoredDocument | undefined
  clear(scope: DocumentScope): void
  /** Puts a document of another store in the place of what is there: a job. */
  restore(document: KeyedDocument): void
  all(after: DocumentKey | undefined, limit: number): Promise<KeyedDocument[]>
  /** The transaction has ended, this way or that. */
  settle(): void
}

const withContent = ({ range: _, ...located }: LocatedDocument, content: Uint8Array): StoredDocument => ({
  ...located,
  content
})

export const createFsDocuments = (
  committed: LocatedDocuments,
  journal: Journal,
  transaction: Transaction,
  times: IncreasingClock
): FsDocuments => {
  /** What the jobs of the present transaction made of documents. */
  let changed = createDocumentIndex<DocumentKey, { readonly document: StoredDocument | undefined }>()

  const present = (key: DocumentKey): StoredDocument | undefined => {
    const change = changed.get(key)
    if (change !== undefined) return change.document
    const located = committed.get(key)
    return located && withContent(located, readNow(journal.file, located.range))
  }

  const remove = (key: DocumentKey): void => {
    transaction.addEntry(journal, { delete: key }, undefined, () => committed.delete(key))
    changed.set(key, { document: undefined })
  }

  const put = (key: DocumentKey, { content, contentType }: DocumentContent, updated: Micros): StoredDocument => {
    const about = { contentType, etag: etagOf(content), updated }
    // A copy: until it is written, nobody else may change it.
    const document = { ...about, content: Uint8Array.from(content) }
    transaction.addEntry(journal, { put: key, ...about, size: content.length }, document.content, (range) =>
      committed.set(key, { ...about, range })
    )
    changed.set(key, { document })
    return document
  }

  return {
    get: async (key) => {
      const located = committed.get(key)
      return located && withContent(located, await read(journal.file, located.range))
    },
    ids: (scope, since = Number.NEGATIVE_INFINITY) => {
      const ids = new Set<string>()
      for (const [key, { updated }] of committed.within(scope)) if (updated > since) ids.add(key.id)
      return [...ids].sort()
    },
    change: (key, change) => {
      const before = present(key)
      const after = change(before)
      if (after === before) return before
      if (after !== undefined) return put(key, after, times.next())
      remove(key)
      return undefined
    },
    clear: (scope) => {
      const there = [...committed.within(scope)].map(([key]) => key).filter((key) => changed.get(key) === undefined)
      const added = [...changed.within(scope)].filter(([, { document }]) => document !== undefined)
      for (const key of [...there, ...added.map(([key]) => key)]) remove(key)
    },
    restore: ({ key, document }) => {
      put(key, document, document.updated)
      times.passed(document.updated)
    },
    all: async (after, limit) => {
      const there = [...committed.all()]
      const start = after === undefined ? 0 : there.findIndex(([key]) => isSameKey(key, after)) + 1
      const page: KeyedDocument[] = []
      for (const [key, located] of there.slice(start, start + limit)) {
        page.push({ key, document: withContent(located, await read(journal.file, located.range)) })
      }
      return page
    },
    settle: () => {
      changed = createDocumentIndex()
    }
  }
}
