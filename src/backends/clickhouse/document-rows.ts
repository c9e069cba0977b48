import { hash } from 'node:crypto'
import type { DocumentKey, DocumentScope, StoredDocument } from '../../contracts/document-store.ts'
import { idLength } from './keys.ts'
import { createRowWriter, type RowReader, type Rows } from './row-binary.ts'

/** The letters of the kinds in the table. */
const letters = { state: 's', 'agent-profile': 'g', 'activity-profile': 'a' } as const

interface Columns {
  readonly kind: string
  readonly agent: string
  readonly activity: string
  readonly registration: string
}

/** An absent part is the empty text, which no identifier is. */
export const columnsOf = (scope: DocumentScope): Columns => ({
  kind: letters[scope.kind],
  agent: 'agent' in scope ? scope.agent : '',
  activity: 'activity' in scope ? scope.activity : '',
  registration: 'registration' in scope ? (scope.registration ?? '') : ''
})

const keyOf = ({ kind, agent, activity, registration }: Columns, id: string): DocumentKey => {
  if (kind === letters['agent-profile']) return { kind: 'agent-profile', agent, id }
  if (kind === letters['activity-profile']) return { kind: 'activity-profile', activity, id }
  return { kind: 'state', activity, agent, id, ...(registration === '' ? {} : { registration }) }
}

/** Parts of a key may have any length, so the table is sorted by their digests. */
const digest = (...parts: readonly string[]): string =>
  hash('sha256', JSON.stringify(parts), 'hex').slice(0, 2 * idLength)

/** The digest for all documents of an activity, an agent, or both. */
export const ownerOf = (scope: DocumentScope): string => {
  const { kind, agent, activity } = columnsOf(scope)
  return digest(kind, agent, activity)
}

/** The digits of the owner and of the document. */
export const placeOf = (key: DocumentKey): string => `${ownerOf(key)}${digest(columnsOf(key).registration, key.id)}`

/** A document of the table, or the note that it was deleted. */
export interface DocumentRow {
  readonly key: DocumentKey
  /** Undefined: deleted. */
  readonly document: StoredDocument | undefined
}

export const rowsOf = (
  store: number,
  all: Iterable<readonly [place: string, row: DocumentRow]>,
  version: () => number
): Rows => {
  const rows = createRowWriter()
  for (const [place, { key, document }] of all) {
    const { kind, activity, agent, registration } = columnsOf(key)
    rows.u32(store)
    rows.fixed(Buffer.from(place, 'hex'))
    rows.fixed(Buffer.from(kind))
    for (const text of [activity, agent, registration, key.id]) rows.text(text)
    rows.i64(version())
    rows.u8(Number(document === undefined))
    rows.i64(document?.updated ?? 0)
    rows.text(document?.etag ?? '')
    rows.text(document?.contentType ?? '')
    rows.bytes(document?.content ?? new Uint8Array())
  }
  return rows.finish()
}

/** Bytes of a content that are copied at once. It takes a tenth of a millisecond. */
const largestCopy = 2 ** 18

export const contentColumns = 'updated, etag, content_type, content'

export const readDocument = (rows: RowReader): StoredDocument => {
  const [updated, etag, contentType, content] = [rows.i64(), rows.text(), rows.text(), rows.bytes()]
  // A small content is copied, so the answer of the server is not kept in memory for it. The answer may be much larger.
  const own = content.byteLength > largestCopy ? content : new Uint8Array(content)
  return { content: own, contentType, etag, updated }
}

export const keyColumns = 'kind, activity, agent, registration, id'

export const readKey = (rows: RowReader): DocumentKey => {
  const [kind, activity, agent, registration, id] = [
    rows.fixed(1).toString(),
    rows.text(),
    rows.text(),
    rows.text(),
    rows.text()
  ]
  return keyOf({ kind, activity, agent, registration }, id)
}

export const isWithin = (scope: DocumentScope, key: DocumentKey): boolean => {
  const [one, other] = [columnsOf(scope), columnsOf(key)]
  const ofOwner = one.kind === other.kind && one.agent === other.agent && one.activity === other.activity
  return ofOwner && (isAnyRegistration(scope) || one.registration === other.registration)
}

/** A State scope without registration means any registration, and none (Communication §2.3). */
export const isAnyRegistration = (scope: DocumentScope): boolean =>
  scope.kind === 'state' && scope.registration === undefined
