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

/** A document to be written, and the chunks of its text. */
export interface Planned<Document> {
  readonly document: Document
  readonly parts: readonly ChunkDocument[]
}

/** Whether it contains a change that does not count: it arrived too late for the next writer to take it back. */
export const isLate = ({ stored, turn, voided, pending = [] }: Relations, written: Written): boolean =>
  stored > written.last ||
  written.gaps.some((gap) => isInGap(stored, gap) && turn.startsWith(gap.holder)) ||
  (voided !== undefined && !isWritten(voided, written)) ||
  pending.some(({ at }) => !isWritten(at, written))

/** A text with fewer characters never makes a document that is too large. */
const harmless = 1_000_000
/** Texts up to this many bytes stay in the document of the statement. */
const maxText = 4_000_000
/** The limit of MongoDB, minus room for the changes of later batches. */
const maxSize = 16 * 2 ** 20 - 2 ** 17

/** Whether our relations are in the document. */
export const isTakenIn = (ralph: StatementDocument['ralph']): ralph is Relations =>
  ralph !== undefined && 'stored' in ralph

/** The `_id` of Python Ralph: four bytes of seconds, then the first eight bytes of the SHA-256 of the id. */
export const objectIdOf = (id: string, timestamp: Micros): ObjectId => {
  const bytes = Buffer.alloc(12)
  // Written as an unsigned number, for any year.
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

/** The relations that a batch writes with a statement. The document may be new, or one of Python Ralph. */
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
  new RalphError('BODY_TOO_LARGE', `The statement ${id} has more tokens than a document of MongoDB can hold (16 MB).`, {
    statementId: id,
    size
  })

/** Throws `BODY_TOO_LARGE` if the statement has more tokens than a document can hold. */
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

/** The fields that readers get. */
export const readProjection = {
  _id: 0,
  'ralph.id': 1,
  'ralph.stored': 1,
  'ralph.text': 1,
  'ralph.parts': 1,
  'ralph.size': 1
} as const

/** The size of the text of a statement, in bytes. The text itself may not be loaded. */
export const sizeOf = ({ text, size }: StatementText): number => size ?? Buffer.byteLength(text ?? '')

/** Reads a statement with its whole text. */
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

/** Reads a statement without pending changes. */
export const readPresent = async (collections: Collections, relations: Relations): Promise<PresentStatement> => {
  const { tokens, target, voiding, voided } = relations
  const stored = await readStored(collections, relations)
  return { ...stored, tokens, target, voiding: voiding === true, voided: voided !== undefined }
}
