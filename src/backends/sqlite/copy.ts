import type { DocumentKey } from '../../contracts/document-store.ts'
import type { StatementPage } from '../../contracts/statement-store.ts'
import type { KeyedDocument } from '../../contracts/store-copy.ts'
import { fitting, maxPageSize, type Position } from '../../xapi/filters.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { ChunkTable } from './chunks.ts'
import type { Connection } from './connect.ts'
import { idOfBytes } from './id-bytes.ts'

/** Reads all statements, voided ones too, in pages. */
export const createStatementReader = (connection: Connection) => {
  const lengthsAfter = connection.prepare<[stored: Micros, length: number]>(
    'SELECT stored, octet_length(text) FROM statement WHERE stored > ? ORDER BY stored LIMIT ?'
  )
  const between = connection.prepare<[stored: Micros, id: Uint8Array, text: string]>(
    'SELECT stored, id, text FROM statement WHERE stored BETWEEN ? AND ? ORDER BY stored'
  )
  return (after: Position | undefined, limit: number): StatementPage => {
    const found = lengthsAfter.all(after?.stored ?? -1, limit + 1)
    const page = found.slice(0, limit)
    const count = fitting(page.map(([, length]) => length))
    const [first, last] = [page[0], page[count - 1]]
    if (first === undefined || last === undefined) return { statements: [], more: false }
    const statements = between.all(first[0], last[0]).map(([stored, id, text]) => ({ id: idOfBytes(id), stored, text }))
    return { statements, more: count < found.length }
  }
}

type DocumentRow = readonly [
  kind: string,
  agent: string,
  activity: string,
  registration: string,
  id: string,
  content: Uint8Array,
  contentType: string,
  etag: string,
  updated: Micros,
  owner: number | null
]

const keyOf = ([kind, agent, activity, registration, id]: DocumentRow): DocumentKey => {
  if (kind === 'agent-profile') return { kind, agent, id }
  if (kind === 'activity-profile') return { kind, activity, id }
  return { kind: 'state', activity, agent, id, ...(registration === '' ? {} : { registration }) }
}

const partsOf = (key: DocumentKey): readonly string[] => [
  key.kind,
  key.kind === 'agent-profile' ? '' : key.activity,
  key.kind === 'activity-profile' ? '' : key.agent,
  key.kind === 'state' ? (key.registration ?? '') : '',
  key.id
]

/** Reads all documents in pages, in the order of the key of their table. */
export const createDocumentReader = (connection: Connection, parts: ChunkTable) => {
  const after = connection.prepare<[...DocumentRow]>(
    `SELECT kind, agent, activity, registration, id, content, content_type, etag, updated, parts FROM document
     WHERE (kind, activity, agent, registration, id) > (?, ?, ?, ?, ?)
     ORDER BY kind, activity, agent, registration, id LIMIT ?`
  )
  const find = connection.prepare<[...DocumentRow]>(
    `SELECT kind, agent, activity, registration, id, content, content_type, etag, updated, parts FROM document
     WHERE (kind, activity, agent, registration, id) = (?, ?, ?, ?, ?)`
  )

  /** Undefined: it was removed during the read. */
  const read = function* (row: DocumentRow): Yielding<KeyedDocument | undefined> {
    const key = keyOf(row)
    for (let now: DocumentRow | undefined = row; now !== undefined; now = find.get(...partsOf(key))) {
      const [, , , , , inRow, contentType, etag, updated, owner] = now
      const content = owner === null ? inRow : yield* parts.read(owner)
      if (content !== undefined) return { key, document: { content, contentType, etag, updated } }
    }
    return undefined
  }

  return function* (last: DocumentKey | undefined, limit: number): Yielding<readonly KeyedDocument[]> {
    const page: KeyedDocument[] = []
    let size = 0
    for (const row of after.all(...(last === undefined ? ['', '', '', '', ''] : partsOf(last)), limit)) {
      const document = yield* read(row)
      if (document !== undefined) page.push(document)
      size += document?.document.content.byteLength ?? 0
      if (size >= maxPageSize) break
    }
    return page
  }
}
