import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../contracts/clock.ts'
import type { DocumentKey, DocumentScope, DocumentStore, StoredDocument } from '../../contracts/document-store.ts'
import { createIncreasingClock } from '../../durability/increasing-clock.ts'
import { RalphError } from '../../errors.ts'
import { createDocumentStore } from '../../storage/documents.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Database } from './connect.ts'
import { digestOf } from './keys.ts'
import { prepare, type Query } from './query-text.ts'

type DocumentRow = readonly [revision: number, content: Uint8Array, contentType: string, etag: string, updated: Micros]

const select = prepare<DocumentRow>(
  'select_document',
  'SELECT revision, content, content_type, etag, updated FROM document WHERE target = $1 AND digest = $2'
)

// A revision is never used for two documents, and a new document never gets an old revision.
const insert = prepare<[updated: Micros]>(
  'insert_document',
  `INSERT INTO document (target, digest, scope, registration, key, content, content_type, etag, updated, revision)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, nextval('document_revision'))
   ON CONFLICT (target, digest) DO NOTHING RETURNING updated`
)

// Later than before, even if the clock of another server is ahead.
const update = prepare<[updated: Micros]>(
  'update_document',
  `UPDATE document SET content = $4, content_type = $5, etag = $6, updated = greatest($7, updated + 1),
     revision = nextval('document_revision')
   WHERE target = $1 AND digest = $2 AND revision = $3 RETURNING updated`
)

const remove = prepare<[revision: number]>(
  'delete_document',
  'DELETE FROM document WHERE target = $1 AND digest = $2 AND revision = $3 RETURNING revision'
)

const selectIds = prepare<[id: string]>(
  'select_document_ids',
  `SELECT key->'id' FROM document WHERE target = $1 AND scope = $2 AND updated > $3`
)
const selectIdsOfOne = prepare<[id: string]>(
  'select_document_ids_of_registration',
  `SELECT key->'id' FROM document WHERE target = $1 AND scope = $2 AND updated > $3 AND registration = $4`
)

const clearAll = prepare('clear_documents', 'DELETE FROM document WHERE target = $1 AND scope = $2')
const clearOne = prepare(
  'clear_documents_of_registration',
  'DELETE FROM document WHERE target = $1 AND scope = $2 AND registration = $3'
)

/** The parts are joined as JSON, so two scopes never have the same digest. */
const scopeDigest = (scope: DocumentScope): string => {
  switch (scope.kind) {
    case 'state':
      return digestOf(JSON.stringify([scope.kind, scope.activity, scope.agent]))
    case 'agent-profile':
      return digestOf(JSON.stringify([scope.kind, scope.agent]))
    case 'activity-profile':
      return digestOf(JSON.stringify([scope.kind, scope.activity]))
  }
}

/** Undefined: any registration, and none (Communication §2.3). */
const registrationOf = (scope: DocumentScope): string | undefined =>
  scope.kind === 'state' ? scope.registration : undefined

/** An absent registration has its own key. */
const registrationDigest = (registration: string | undefined): string => digestOf(registration ?? '')

export const digestOfKey = (key: DocumentKey): string =>
  digestOf(JSON.stringify([scopeDigest(key), registrationOf(key) ?? null, key.id]))

/** The values of `digest`, `scope`, `registration` and `key`. */
export const columnsOfKey = (key: DocumentKey): readonly [string, string, string, string] => [
  digestOfKey(key),
  scopeDigest(key),
  registrationDigest(registrationOf(key)),
  JSON.stringify(key)
]

export const createDocuments = (database: Database, target: number, clock: Clock): DocumentStore => {
  const documentOf = ([, content, contentType, etag, updated]: DocumentRow): StoredDocument => ({
    content,
    contentType,
    etag,
    updated
  })

  /** Two requests that clear overlapping scopes may wait for each other. Then the server undoes one of them, and it is repeated. */
  const writeAgain = async <Row extends readonly unknown[]>(query: Query<Row>): Promise<readonly Row[]> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await database.write(query)
      } catch (error) {
        const state = error instanceof RalphError ? error.details.state : undefined
        if (attempt === 10 || (state !== '40P01' && state !== '40001')) throw error
        await setTimeout(attempt)
      }
    }
  }

  return createDocumentStore<number>(
    {
      placeOf: digestOfKey,
      read: async (key, signal) => {
        const [row] = await database.read(select(target, digestOfKey(key)), signal === undefined ? {} : { signal })
        return row && { document: documentOf(row), version: row[0] }
      },
      put: async (key, { content, contentType, etag, updated: now }, version) => {
        const columns = columnsOfKey(key)
        const [row] = await writeAgain(
          version === undefined
            ? insert(target, ...columns, content, contentType, etag, now)
            : update(target, columns[0], version, content, contentType, etag, now)
        )
        return row === undefined ? false : { content, contentType, etag, updated: row[0] }
      },
      remove: async (key, version) => (await writeAgain(remove(target, digestOfKey(key), version))).length > 0,
      ids: async (scope, since = -1, signal) => {
        const registration = registrationOf(scope)
        const rows = await database.read(
          registration === undefined
            ? selectIds(target, scopeDigest(scope), since)
            : selectIdsOfOne(target, scopeDigest(scope), since, registrationDigest(registration)),
          signal === undefined ? {} : { signal }
        )
        // Written by JSON.stringify. The driver parses the type json.
        return rows.map(([id]) => id)
      },
      clear: async (scope) => {
        const registration = registrationOf(scope)
        await writeAgain(
          registration === undefined
            ? clearAll(target, scopeDigest(scope))
            : clearOne(target, scopeDigest(scope), registrationDigest(registration))
        )
      }
    },
    createIncreasingClock(clock)
  )
}
