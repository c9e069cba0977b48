import type { DocumentContent, DocumentKey, DocumentScope, StoredDocument } from '../../contracts/document-store.ts'
import type { KeyedDocument } from '../../contracts/store-copy.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { etagOf } from '../../xapi/concurrency.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Connection } from './connect.ts'

/** What can be done with documents at once; all that write do so in the transaction that is open. */
export interface DocumentTable {
  get(key: DocumentKey): StoredDocument | undefined
  change(
    key: DocumentKey,
    change: (present: StoredDocument | undefined) => DocumentContent | undefined
  ): StoredDocument | undefined
  ids(scope: DocumentScope, since: Micros | undefined): string[]
  clear(scope: DocumentScope): void
  /** Puts a document of another store in the place of what is there. */
  restore(document: KeyedDocument): void
}

type ScopeColumns = readonly [kind: string, agent: string, activity: string, registration: string]

/** An absent part is the empty string, which no identifier is. */
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

export const createDocumentTable = (connection: Connection, times: IncreasingClock): DocumentTable => {
  const ofKey = 'kind = ?1 AND agent = ?2 AND activity = ?3 AND registration = ?4 AND id = ?5'
  const ofScope = 'kind = ?1 AND agent = ?2 AND activity = ?3 AND (?5 OR registration = ?4)'
  const select = connection.prepare<[content: Uint8Array, contentType: string, etag: string, updated: Micros]>(
    `SELECT content, content_type, etag, updated FROM document WHERE ${ofKey}`
  )
  const upsert = connection.prepare(
    `INSERT INTO document (kind, agent, activity, registration, id, content, content_type, etag, updated)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
     ON CONFLICT (kind, agent, activity, registration, id) DO UPDATE SET
       content = excluded.content, content_type = excluded.content_type, etag = excluded.etag, updated = excluded.updated`
  )
  const remove = connection.prepare(`DELETE FROM document WHERE ${ofKey}`)
  const selectIds = connection.prepare<[id: string]>(
    `SELECT DISTINCT id FROM document WHERE ${ofScope} AND updated > ?6 ORDER BY id`
  )
  const removeAll = connection.prepare(`DELETE FROM document WHERE ${ofScope}`)

  const get = (key: DocumentKey): StoredDocument | undefined => {
    const row = select.get(...columnsOf(key), key.id)
    if (!row) return undefined
    const [content, contentType, etag, updated] = row
    return { content, contentType, etag, updated }
  }

  return {
    get,
    change: (key, change) => {
      const present = get(key)
      const next = change(present)
      if (next === present) return present
      const columns = [...columnsOf(key), key.id]
      if (next === undefined) {
        remove.run(...columns)
        return undefined
      }
      const { content, contentType } = next
      const document: StoredDocument = { content, contentType, etag: etagOf(content), updated: times.next() }
      upsert.run(...columns, content, contentType, document.etag, document.updated)
      return document
    },
    ids: (scope, since = -1) => {
      const rows = selectIds.all(...columnsOf(scope), Number(isAnyRegistration(scope)), since)
      return rows.map(([id]) => id)
    },
    clear: (scope) => {
      removeAll.run(...columnsOf(scope), Number(isAnyRegistration(scope)))
    },
    restore: ({ key, document: { content, contentType, etag, updated } }) => {
      upsert.run(...columnsOf(key), key.id, content, contentType, etag, updated)
      times.passed(updated)
    }
  }
}
