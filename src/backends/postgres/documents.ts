import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../contracts/clock.ts'
import type { DocumentKey, DocumentScope, DocumentStore, StoredDocument } from '../../contracts/document-store.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { createIncreasingClock } from '../../durability/increasing-clock.ts'
import { RalphError } from '../../errors.ts'
import { isUndone } from '../../network/sql-states.ts'
import { createDocumentStore } from '../../storage/documents.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Database } from './connect.ts'
import { digestOf } from './keys.ts'
import { collectedValue, collectValue, forgetValue, ifSmall, isLarge, readLarge } from './large-values.ts'
import { prepare, type Query } from './query-text.ts'
import { writeAll } from './session.ts'

/** `content` is null if it is large. */
export type FoundRow = readonly [
  revision: number,
  content: Uint8Array | null,
  size: number,
  contentType: string,
  etag: string,
  updated: Micros
]

export const documentColumns = `revision, ${ifSmall('content')}, octet_length(content), content_type, etag, updated`

const select = prepare<FoundRow>(
  'select_document',
  `SELECT ${documentColumns} FROM document WHERE target = $1 AND digest = $2`
)

const selectPiece = prepare<[piece: Uint8Array]>(
  'select_document_piece',
  'SELECT substring(content FROM $4 FOR $5) FROM document WHERE target = $1 AND digest = $2 AND revision = $3'
)

// A revision is never used for two documents, and a new document never gets an old revision.
const insertOf = (name: string, content: string) =>
  prepare<[updated: Micros]>(
    name,
    `INSERT INTO document (target, digest, scope, registration, key, content_type, etag, updated, content, revision)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, ${content}, nextval('document_revision'))
     ON CONFLICT (target, digest) DO NOTHING RETURNING updated`
  )
const insert = insertOf('insert_document', '$9')
const insertLarge = insertOf('insert_large_document', collectedValue)

// Later than before, even if the clock of another server is ahead.
const updateOf = (name: string, content: string) =>
  prepare<[updated: Micros]>(
    name,
    `UPDATE document SET content_type = $4, etag = $5, updated = greatest($6, updated + 1), content = ${content},
       revision = nextval('document_revision')
     WHERE target = $1 AND digest = $2 AND revision = $3 RETURNING updated`
  )
const update = updateOf('update_document', '$7')
const updateLarge = updateOf('update_large_document', collectedValue)

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

/** A document that was found, with its content. Undefined: it was replaced or removed while its content was read. */
export const wholeDocument = async (
  database: Pick<Database, 'read'>,
  target: number,
  digest: string,
  [revision, small, size, contentType, etag, updated]: FoundRow,
  options: CallOptions = {}
): Promise<StoredDocument | undefined> => {
  const content =
    small ??
    (await readLarge(
      size,
      async (start, length) =>
        (
          await database.read(selectPiece(target, digest, revision, start, length), options)
        )[0]?.[0]
    ))
  return content && { content, contentType, etag, updated }
}

export interface FoundDocument {
  readonly document: StoredDocument
  readonly version: number
}

export const findDocument = async (
  database: Pick<Database, 'read'>,
  target: number,
  digest: string,
  options: CallOptions = {}
): Promise<FoundDocument | undefined> => {
  for (;;) {
    const [row] = await database.read(select(target, digest), options)
    if (row === undefined) return undefined
    const document = await wholeDocument(database, target, digest, row, options)
    if (document !== undefined) return { document, version: row[0] }
  }
}

export const createDocuments = (database: Database, target: number, clock: Clock): DocumentStore => {
  /** Two requests that clear overlapping scopes may wait for each other. Then the server undoes one of them, and it is repeated. */
  const writeAgain = async <Result>(write: () => Promise<Result>): Promise<Result> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await write()
      } catch (error) {
        const state = error instanceof RalphError ? error.details.state : undefined
        if (attempt === 10 || !isUndone(state)) throw error
        await setTimeout(attempt)
      }
    }
  }

  /** Writes a document, and returns its time, if it was written. */
  const write = async (
    query: Query<[updated: Micros]>,
    content: Uint8Array
  ): Promise<readonly [updated: Micros] | undefined> => {
    if (!isLarge(content)) return (await writeAgain(() => database.write(query)))[0]
    const all = await writeAgain(() => writeAll(database, [...collectValue(content), query, forgetValue]))
    return all.at(-2)?.[0]
  }

  return createDocumentStore<number>(
    {
      placeOf: digestOfKey,
      read: (key, signal) => findDocument(database, target, digestOfKey(key), signal === undefined ? {} : { signal }),
      put: async (key, { content, contentType, etag, updated: now }, version) => {
        const columns = columnsOfKey(key)
        const values = isLarge(content) ? [contentType, etag, now] : [contentType, etag, now, content]
        const query =
          version === undefined
            ? (isLarge(content) ? insertLarge : insert)(target, ...columns, ...values)
            : (isLarge(content) ? updateLarge : update)(target, columns[0], version, ...values)
        const row = await write(query, content)
        return row === undefined ? false : { content, contentType, etag, updated: row[0] }
      },
      remove: async (key, version) =>
        (await writeAgain(() => database.write(remove(target, digestOfKey(key), version)))).length > 0,
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
        const query =
          registration === undefined
            ? clearAll(target, scopeDigest(scope))
            : clearOne(target, scopeDigest(scope), registrationDigest(registration))
        await writeAgain(() => database.write(query))
      }
    },
    createIncreasingClock(clock)
  )
}
