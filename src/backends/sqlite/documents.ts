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
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import { type ChunkTable, chunkSize } from './chunks.ts'
import type { Connection } from './connect.ts'

/** The operations on documents. All that write run in the open transaction. */
export interface DocumentTable {
  /** Takes one step unless the document is large. Undefined: it does not exist. False: it was replaced meanwhile. */
  get(key: DocumentKey): Yielding<StoredDocument | undefined | false>
  change(
    key: DocumentKey,
    change: (present: PresentDocument | undefined) => DocumentContent | undefined
  ): Yielding<StoredDocument | undefined>
  ids(scope: DocumentScope, since: Micros | undefined): string[]
  clear(scope: DocumentScope): Yielding<void>
  /** Replaces the existing document with one from another store. */
  restore(document: KeyedDocument): Yielding<void>
}

type ScopeColumns = readonly [kind: string, agent: string, activity: string, registration: string]

/** An absent part is the empty text, which no identifier is. */
const columnsOf = (scope: DocumentScope): ScopeColumns => {
  switch (scope.kind) {
    case 'state':
      return [scope.kind, scope.agent, scope.activity, scope.registration ?? '']
    case 'agent-profile':
      return [scope.kind, scope.agent, '', '']
    case 'activity-profile':
      return [scope.kind, '', scope.activity, '']
  }
}

/** A State scope without registration means any registration, and none (Communication §2.3). */
const isAnyRegistration = (scope: DocumentScope): boolean => scope.kind === 'state' && scope.registration === undefined

const nothing = new Uint8Array()

export const createDocumentTable = (
  connection: Connection,
  parts: ChunkTable,
  times: IncreasingClock
): DocumentTable => {
  const ofKey = 'kind = ?1 AND agent = ?2 AND activity = ?3 AND registration = ?4 AND id = ?5'
  const ofScope = 'kind = ?1 AND agent = ?2 AND activity = ?3 AND (?5 OR registration = ?4)'
  const select = connection.prepare<
    [content: Uint8Array, contentType: string, etag: string, updated: Micros, owner: number | null]
  >(`SELECT content, content_type, etag, updated, parts FROM document WHERE ${ofKey}`)
  const upsert = connection.prepare(
    `INSERT INTO document (kind, agent, activity, registration, id, content, content_type, etag, updated, parts)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
     ON CONFLICT (kind, agent, activity, registration, id) DO UPDATE SET
       content = excluded.content, content_type = excluded.content_type, etag = excluded.etag, updated = excluded.updated,
       parts = excluded.parts`
  )
  const ownerOf = connection.prepare<[owner: number | null]>(`SELECT parts FROM document WHERE ${ofKey}`)
  const remove = connection.prepare(`DELETE FROM document WHERE ${ofKey}`)
  const selectIds = connection.prepare<[id: string]>(
    `SELECT DISTINCT id FROM document WHERE ${ofScope} AND updated > ?6 ORDER BY id`
  )
  const ownersIn = connection.prepare<[owner: number]>(
    `SELECT parts FROM document WHERE ${ofScope} AND parts IS NOT NULL`
  )
  const removeAll = connection.prepare(`DELETE FROM document WHERE ${ofScope}`)

  const look = (key: DocumentKey): { readonly present: PresentDocument; readonly owner: number | null } | undefined => {
    const row = select.get(...columnsOf(key), key.id)
    if (!row) return undefined
    const [content, contentType, etag, updated, owner] = row
    const about = { content, contentType, etag, updated }
    return { present: owner === null ? about : { ...about, lacksContent: true }, owner }
  }

  const removeParts = function* (key: DocumentKey): Yielding<void> {
    const [owner = null] = ownerOf.get(...columnsOf(key), key.id) ?? []
    if (owner !== null) yield* parts.remove(owner)
  }

  const put = function* (key: DocumentKey, { content, contentType, etag, updated }: StoredDocument): Yielding<void> {
    yield* removeParts(key)
    const owner = content.byteLength > chunkSize ? times.next() : null
    const inRow = owner === null ? content : nothing
    upsert.run(...columnsOf(key), key.id, inRow, contentType, etag, updated, owner)
    if (owner !== null) yield* parts.add(owner, content)
  }

  return {
    get: function* (key) {
      const found = look(key)
      if (found === undefined) return undefined
      const { present, owner } = found
      if (owner === null) return present
      yield
      const content = yield* parts.read(owner)
      const { lacksContent: _, ...about } = present
      return content !== undefined && { ...about, content }
    },
    change: function* (key, change) {
      const present = look(key)?.present
      const next = change(present)
      if (next === present) return present
      if (next === undefined) {
        yield* removeParts(key)
        remove.run(...columnsOf(key), key.id)
        return undefined
      }
      const { content, contentType } = next
      const etag = yield* etagInSteps(content)
      const document: StoredDocument = { content, contentType, etag, updated: times.next() }
      yield* put(key, document)
      return document
    },
    ids: (scope, since = -1) => {
      const rows = selectIds.all(...columnsOf(scope), Number(isAnyRegistration(scope)), since)
      return rows.map(([id]) => id)
    },
    clear: function* (scope) {
      const owners = ownersIn.all(...columnsOf(scope), Number(isAnyRegistration(scope)))
      for (const [owner] of owners) yield* parts.remove(owner)
      removeAll.run(...columnsOf(scope), Number(isAnyRegistration(scope)))
    },
    restore: function* ({ key, document }) {
      yield* put(key, document)
      times.passed(document.updated)
    }
  }
}
