import type {
  DocumentContent,
  DocumentKey,
  DocumentScope,
  PresentDocument,
  StoredDocument
} from '../../contracts/document-store.ts'
import type { KeyedDocument } from '../../contracts/store-copy.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { etagInSteps } from '../../storage/etag-in-steps.ts'
import { createDocumentIndex, type DocumentIndex, isSameKey } from '../../storage/memory-index/document-index.ts'
import { maxPageSize } from '../../xapi/filters.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
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
  /** A job of a transaction, like `clear`. */
  change(
    key: DocumentKey,
    change: (present: PresentDocument | undefined) => DocumentContent | undefined
  ): Yielding<StoredDocument | undefined>
  clear(scope: DocumentScope): void
  /** Replaces the existing document with one from another store. It is a job. */
  restore(document: KeyedDocument): void
  all(after: DocumentKey | undefined, limit: number): Promise<KeyedDocument[]>
  /** The transaction has ended, with or without success. */
  settle(): void
}

/** Bytes of a content that a change is shown. Reading more would block other requests. */
const largestShown = 2 ** 17

const nothing = new Uint8Array()

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
  /** The documents that the jobs of the current transaction have changed. */
  let changed = createDocumentIndex<DocumentKey, { readonly document: StoredDocument | undefined }>()

  const present = (key: DocumentKey): PresentDocument | undefined => {
    const change = changed.get(key)
    if (change !== undefined) return change.document
    const located = committed.get(key)
    if (located === undefined) return undefined
    if (located.range.length > largestShown) return { ...withContent(located, nothing), lacksContent: true }
    return withContent(located, readNow(journal.file, located.range))
  }

  const remove = (key: DocumentKey): void => {
    transaction.addEntry(journal, { delete: key }, undefined, () => committed.delete(key))
    changed.set(key, { document: undefined })
  }

  const put = (key: DocumentKey, document: StoredDocument): void => {
    const { content, ...about } = document
    transaction.addEntry(journal, { put: key, ...about, size: content.length }, content, (range) =>
      committed.set(key, { ...about, range })
    )
    changed.set(key, { document })
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
    change: function* (key, change) {
      const before = present(key)
      const after = change(before)
      if (after === before) return before
      if (after === undefined) {
        remove(key)
        return undefined
      }
      const { content, contentType } = after
      const etag = yield* etagInSteps(content)
      const document = { contentType, etag, updated: times.next(), content }
      put(key, document)
      return document
    },
    clear: (scope) => {
      const there = [...committed.within(scope)].map(([key]) => key).filter((key) => changed.get(key) === undefined)
      const added = [...changed.within(scope)].filter(([, { document }]) => document !== undefined)
      for (const key of [...there, ...added.map(([key]) => key)]) remove(key)
    },
    restore: ({ key, document }) => {
      put(key, document)
      times.passed(document.updated)
    },
    all: async (after, limit) => {
      const there = [...committed.all()]
      const start = after === undefined ? 0 : there.findIndex(([key]) => isSameKey(key, after)) + 1
      const page: KeyedDocument[] = []
      let size = 0
      for (const [key, located] of there.slice(start, start + limit)) {
        const content = await read(journal.file, located.range)
        page.push({ key, document: withContent(located, content) })
        size += content.byteLength
        if (size >= maxPageSize) break
      }
      return page
    },
    settle: () => {
      changed = createDocumentIndex()
    }
  }
}
