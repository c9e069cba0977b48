import { hash } from 'node:crypto'
import { BSON, ObjectId } from 'mongodb'
import type { StoredStatement } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import type { NewStatement, PresentStatement } from '../../storage/batching/engine.ts'
import { isInGap, isWritten, type Written } from '../../storage/batching/written.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { formatMicros, type Micros, parseMicros } from '../../xapi/timestamp.ts'
import { bsonSource, shortened } from './bson-source.ts'
import { planContent, readContent } from './chunks.ts'
import type { Collections } from './collections.ts'
import type { ChunkDocument, Relations, StatementDocument, StatementText } from './document-types.ts'

/** A document to be written, and the parts of its text. */
export interface Planned<Document> {
  readonly document: Document
  readonly parts: readonly ChunkDocument[]
}

/** Whether it says something that does not count: it arrived too late to be taken back by who came next. */
export const isLate = ({ stored, turn, voided, pending = [] }: Relations, written: Written): boolean =>
  stored > written.last ||
  written.gaps.some((gap) => isInGap(stored, gap) && turn.startsWith(gap.holder)) ||
  (voided !== undefined && !isWritten(voided, written)) ||
  pending.some(({ at }) => !isWritten(at, written))

/** A text of fewer characters makes no document that is too large. */
const harmless = 1_000_000
/** Bytes of text that stay beside the statement. */
const maxText = 4_000_000
/** MongoDB's limit, and room for what later batches add. */
const maxSize = 16 * 2 ** 20 - 2 ** 17

/** Whether our relations were written with it. */
export const isTakenIn = (ralph: StatementDocument['ralph']): ralph is Relations =>
  ralph !== undefined && 'stored' in ralph

/** Ralph's `_id`: four bytes of seconds and the first eight of the SHA-256 of the id. */
export const objectIdOf = (id: string, timestamp: Micros): ObjectId => {
  const bytes = Buffer.alloc(12)
  // As unsigned, whatever the year.
  bytes.writeUInt32BE(Math.floor(timestamp / 1_000_000) >>> 0)
  hash('sha256', id, 'buffer').copy(bytes, 4, 0, 8)
  return new ObjectId(bytes)
}

const planText = (
  text: string
): { readonly text: Partial<StatementText>; readonly parts: readonly ChunkDocument[] } => {
  if (text.length <= harmless) return { text: { text }, parts: [] }
  const bytes = Buffer.from(text)
  if (bytes.byteLength <= maxText) return { text: { text }, parts: [] }
  const { content, parts } = planContent(bytes, maxText)
  return { text: { parts: content.parts ?? [], size: content.size }, parts }
}

/** What a batch writes with a statement, be its document new or Ralph's. */
export const planRelations = (statement: NewStatement, at: Micros, turn: string): Planned<Relations> => {
  const { id, stored, tokens, target, voiding, voided } = statement
  const { text, parts } = planText(statement.text)
  const document = {
    id,
    stored,
    ...text,
    tokens,
    turn,
    ...(target === undefined ? {} : { target }),
    ...(voiding ? { voiding } : {}),
    ...(voided ? { voided: at } : {})
  }
  return { document, parts }
}

const sourceOf = ({ statement, stored }: NewStatement): object => {
  const time = formatMicros(stored)
  const missing = {
    ...(statement.timestamp === undefined ? { timestamp: time } : {}),
    ...(statement.stored === undefined ? { stored: time } : {})
  }
  return bsonSource({ ...statement, ...missing })
}

const tooLarge = (id: StatementId, size: number): RalphError =>
  new RalphError('BODY_TOO_LARGE', `The statement ${id} names more than a document of MongoDB can hold (16 MB).`, {
    statementId: id,
    size
  })

/** `BODY_TOO_LARGE` for a statement that is found by more than a document can hold. */
export const planDocument = (statement: NewStatement, at: Micros, turn: string): Planned<StatementDocument> => {
  const { id = statement.id, timestamp } = statement.statement
  const time = timestamp === undefined ? undefined : parseMicros(timestamp)
  const { document: ralph, parts } = planRelations(statement, at, turn)
  const document = { _id: objectIdOf(id, time ?? statement.stored), _source: sourceOf(statement), ralph }
  if (statement.text.length <= harmless) return { document, parts }
  if (BSON.calculateObjectSize(document) <= maxSize) return { document, parts }
  const shorter = { ...document, _source: shortened(document._source) }
  const size = BSON.calculateObjectSize(shorter)
  if (size > maxSize) throw tooLarge(statement.id, size)
  return { document: shorter, parts }
}

/** What readers are given. */
export const readProjection = {
  _id: 0,
  'ralph.id': 1,
  'ralph.stored': 1,
  'ralph.text': 1,
  'ralph.parts': 1,
  'ralph.size': 1
} as const

/** Bytes of a statement's text, which need not be there yet. */
export const sizeOf = ({ text, size }: StatementText): number => size ?? Buffer.byteLength(text ?? '')

/** With its text, whole. */
export const readStored = async (
  collections: Collections,
  { id, stored, text, parts, size = 0 }: StatementText,
  signal?: AbortSignal
): Promise<StoredStatement> => {
  if (text !== undefined) return { id, stored, text }
  const content = parts && (await readContent(collections, { parts, size }, signal))
  if (content === undefined) throw new RalphError('STORE_CORRUPT', `the text of the statement ${id} is gone`)
  return { id, stored, text: Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString() }
}

/** What is there, when nothing is pending. */
export const readPresent = async (collections: Collections, relations: Relations): Promise<PresentStatement> => {
  const { tokens, target, voiding, voided } = relations
  const stored = await readStored(collections, relations)
  return { ...stored, tokens, target, voiding: voiding === true, voided: voided !== undefined }
}
