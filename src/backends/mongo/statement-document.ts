import { hash } from 'node:crypto'
import { BSON, ObjectId } from 'mongodb'
import type { StoredStatement } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import type { NewStatement, PresentStatement } from '../../rounds/engine.ts'
import type { Token } from '../../rounds/tokens.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { formatMicros, type Micros, parseMicros } from '../../xapi/timestamp.ts'
import { bsonSource } from './bson-source.ts'

/** What a later round has changed in a statement: nobody sees it before that round is committed. */
export interface Pending {
  /** The `last` of the round. */
  readonly at: Micros
  /** Tokens that it added. */
  readonly tokens: readonly Token[]
}

/**
 * What is ours in a statement's document: all that it is found by, and its text. Types of JSON only, for `ralph read`
 * prints it.
 */
export interface Relations {
  readonly id: StatementId
  readonly stored: Micros
  readonly tokens: readonly Token[]
  readonly text: string
  /** Of the turn that wrote it. */
  readonly turn: string
  readonly target?: StatementId
  readonly voiding?: true
  /** The `last` of the round from which on it is voided; absent: it is not. */
  readonly voided?: Micros
  /** The latest changes; what is older than `last` is settled. */
  readonly pending?: readonly Pending[]
  /** How often it was changed. */
  readonly version?: number
  /** The document is Ralph's: it may lose our relations, but never itself. */
  readonly adopted?: true
}

/** As Ralph writes it, with our relations beside. */
export interface StatementDocument {
  readonly _id: ObjectId
  readonly _source: object
  /** Absent until the document was taken in, if Ralph wrote it. */
  readonly ralph?: Relations | Refused
}

/** A document of Ralph's that is no statement, or one that is there already. */
export interface Refused {
  readonly refused: string
}

/** A text of this length may make a document that is too large; below it no other check is needed. */
const suspiciousLength = 4_000_000
/** MongoDB's limit less room for later tokens. */
const maxSize = 16 * 2 ** 20 - 2 ** 17

/** Ralph's `_id`: four bytes of seconds and the first eight of the SHA-256 of the id. */
export const objectIdOf = (id: string, timestamp: Micros): ObjectId => {
  const bytes = Buffer.alloc(12)
  // As unsigned, whatever the year.
  bytes.writeUInt32BE(Math.floor(timestamp / 1_000_000) >>> 0)
  hash('sha256', id, 'buffer').copy(bytes, 4, 0, 8)
  return new ObjectId(bytes)
}

const sourceOf = ({ statement, stored }: NewStatement): object => {
  const time = formatMicros(stored)
  const missing = {
    ...(statement.timestamp === undefined ? { timestamp: time } : {}),
    ...(statement.stored === undefined ? { stored: time } : {})
  }
  return bsonSource({ ...statement, ...missing }, 2)
}

/** What a round writes with a statement, be its document new or Ralph's. */
export const relationsOf = (statement: NewStatement, at: Micros, turn: string): Relations => {
  const { id, stored, tokens, text, target, voiding, voided } = statement
  return {
    id,
    stored,
    tokens,
    text,
    turn,
    ...(target === undefined ? {} : { target }),
    ...(voiding ? { voiding } : {}),
    ...(voided ? { voided: at } : {})
  }
}

/** `BODY_TOO_LARGE` for a statement that no document can hold. */
export const documentOf = (statement: NewStatement, at: Micros, turn: string): StatementDocument => {
  const { id = statement.id, timestamp } = statement.statement
  const time = timestamp === undefined ? undefined : parseMicros(timestamp)
  const document = {
    _id: objectIdOf(id, time ?? statement.stored),
    _source: sourceOf(statement),
    ralph: relationsOf(statement, at, turn)
  }
  if (statement.text.length > suspiciousLength) {
    const size = BSON.calculateObjectSize(document)
    if (size > maxSize) {
      const message = `The statement ${statement.id} is too large: MongoDB holds no document of more than 16 MB, and this one has ${size} bytes.`
      throw new RalphError('BODY_TOO_LARGE', message, { statementId: statement.id, size })
    }
  }
  return document
}

/** What is there, when nothing is pending. */
export const presentOf = ({ id, stored, text, tokens, target, voiding, voided }: Relations): PresentStatement => ({
  id,
  stored,
  text,
  tokens,
  target,
  voiding: voiding === true,
  voided: voided !== undefined
})

/** What readers are given. */
export const readProjection = { _id: 0, 'ralph.id': 1, 'ralph.stored': 1, 'ralph.text': 1 } as const

export const storedOf = ({ ralph: { id, stored, text } }: { readonly ralph: StoredStatement }): StoredStatement => ({
  id,
  stored,
  text
})
