import { hash } from 'node:crypto'
import { ObjectId } from 'mongodb'
import type { DocumentKey, DocumentScope, DocumentStore, StoredDocument } from '../../contracts/document-store.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import type { KeyedDocument } from '../../contracts/store-copy.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { createDocumentStore, type Versioned } from '../../storage/documents.ts'
import { maxPageSize } from '../../xapi/filters.ts'
import { planContent, readContent, removeChunks, writeChunks } from './chunks.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import type { DocumentDocument } from './document-types.ts'
import { isDuplicateKey } from './errors.ts'

/** The document store, and what copying needs. */
export interface Documents extends DocumentStore {
  page(after: DocumentKey | undefined, limit: number, options?: CallOptions): Promise<readonly KeyedDocument[]>
  restore(documents: readonly KeyedDocument[]): Promise<void>
}

const activityOf = (scope: DocumentScope): string => ('activity' in scope ? scope.activity : '')
const agentOf = (scope: DocumentScope): string => ('agent' in scope ? scope.agent : '')
/** '' if there is none. No registration is the empty text. */
const registrationOf = (scope: DocumentScope): string => (scope.kind === 'state' ? (scope.registration ?? '') : '')

/** Identifiers are too long for keys. */
const digestOf = (...parts: readonly string[]): string => hash('sha256', JSON.stringify(parts), 'base64url')

const scopeDigest = (scope: DocumentScope): string => digestOf(scope.kind, activityOf(scope), agentOf(scope))
const idOf = (key: DocumentKey): string => digestOf(scopeDigest(key), registrationOf(key), key.id)

/** A State scope without registration means any registration, and none (Communication §2.3). */
const filterOf = (scope: DocumentScope) => ({
  scope: scopeDigest(scope),
  ...(scope.kind === 'state' && scope.registration === undefined ? {} : { registration: registrationOf(scope) })
})

const scopeOf = ({ kind, activity, agent, registration }: DocumentDocument): DocumentScope => {
  if (kind === 'activity-profile') return { kind, activity }
  if (kind === 'agent-profile') return { kind, agent }
  return { kind: 'state', activity, agent, ...(registration === '' ? {} : { registration }) }
}

const writeOptions = { maxTimeMS: timeLimits.write }
const readOptions = (signal: AbortSignal | undefined) => ({ maxTimeMS: timeLimits.read, signal })

/** Reads and writes whole documents, each with its chunks. */
const createKeptDocuments = (collections: Collections) => {
  const { documents } = collections

  const storedDocument = async (
    document: DocumentDocument,
    signal?: AbortSignal
  ): Promise<StoredDocument | undefined> => {
    const content = await readContent(collections, document, signal)
    const { contentType, etag, updated } = document
    return content && { content, contentType, etag, updated }
  }

  const read = async (
    key: DocumentKey,
    signal?: AbortSignal
  ): Promise<(Versioned<DocumentDocument> & { readonly document: StoredDocument }) | undefined> => {
    for (;;) {
      signal?.throwIfAborted()
      const found = await documents.findOne({ _id: idOf(key) }, readOptions(signal))
      if (found === null) return undefined
      const document = await storedDocument(found, signal)
      // Otherwise another writer replaced it and removed its chunks.
      if (document !== undefined) return { document, version: found }
    }
  }

  const documentOf = async (
    key: DocumentKey,
    { content, contentType, etag, updated }: StoredDocument
  ): Promise<DocumentDocument> => {
    const planned = planContent(content)
    await writeChunks(collections, planned.parts)
    return {
      _id: idOf(key),
      scope: scopeDigest(key),
      registration: registrationOf(key),
      id: key.id,
      kind: key.kind,
      activity: activityOf(key),
      agent: agentOf(key),
      ...planned.content,
      contentType,
      etag,
      updated,
      version: new ObjectId()
    }
  }

  /** Returns false when the stored document is not `present` any more. */
  const put = async (next: DocumentDocument, present: DocumentDocument | undefined): Promise<boolean> => {
    if (present === undefined) {
      try {
        await documents.insertOne(next, writeOptions)
        return true
      } catch (error) {
        if (isDuplicateKey(error)) return false
        throw error
      }
    }
    const filter = { _id: next._id, version: present.version }
    const { matchedCount } = await documents.replaceOne(filter, next, writeOptions)
    return matchedCount === 1
  }

  return { storedDocument, read, documentOf, put }
}

export const createDocuments = (collections: Collections, times: IncreasingClock): Documents => {
  const { documents } = collections
  const { storedDocument, read, documentOf, put } = createKeptDocuments(collections)

  return {
    ...createDocumentStore<DocumentDocument>(
      {
        placeOf: idOf,
        read,
        put: async (key, next, present) => {
          const document = await documentOf(key, next)
          const isPut = await put(document, present)
          const unused = isPut ? present : document
          if (unused !== undefined) await removeChunks(collections, [unused])
          return isPut ? next : false
        },
        remove: async (_key, present) => {
          const filter = { _id: present._id, version: present.version }
          const { deletedCount } = await documents.deleteOne(filter, writeOptions)
          if (deletedCount > 0) await removeChunks(collections, [present])
          return deletedCount > 0
        },
        ids: async (scope, since, signal) => {
          const filter = { ...filterOf(scope), ...(since === undefined ? {} : { updated: { $gt: since } }) }
          const found = await documents
            .find(filter, { projection: { _id: 0, id: 1 }, ...readOptions(signal) })
            .toArray()
          return found.map(({ id }) => id)
        },
        clear: async (scope, signal) => {
          const large = await documents
            .find(
              { ...filterOf(scope), parts: { $exists: true } },
              { projection: { parts: 1, size: 1 }, ...readOptions(signal) }
            )
            .toArray()
          await documents.deleteMany(filterOf(scope), writeOptions)
          await removeChunks(collections, large)
        }
      },
      times
    ),
    page: async (after, limit, { signal } = {}) => {
      const options = { sort: { _id: 1 }, limit, ...readOptions(signal) } as const
      const found = documents.find(after === undefined ? {} : { _id: { $gt: idOf(after) } }, options)
      const page: KeyedDocument[] = []
      let size = 0
      for await (const each of found) {
        const key: DocumentKey = { ...scopeOf(each), id: each.id }
        // A document that was replaced meanwhile is read again. A document that was deleted is left out.
        const document = (await storedDocument(each, signal)) ?? (await read(key, signal))?.document
        if (document !== undefined) page.push({ key, document })
        size += document?.content.byteLength ?? 0
        if (size >= maxPageSize) break
      }
      return page
    },
    restore: async (restored) => {
      for (const { document } of restored) times.passed(document.updated)
      const next = await Promise.all(restored.map(({ key, document }) => documentOf(key, document)))
      const ids = next.map(({ _id }) => _id)
      const large = await documents
        .find(
          { _id: { $in: ids }, parts: { $exists: true } },
          { projection: { parts: 1, size: 1 }, ...readOptions(undefined) }
        )
        .toArray()
      const writes = next.map((replacement) => ({
        replaceOne: { filter: { _id: replacement._id }, replacement, upsert: true }
      }))
      if (writes.length > 0) await documents.bulkWrite(writes, { ordered: false, ...writeOptions })
      await removeChunks(collections, large)
    }
  }
}
