import { createHash } from 'node:crypto'
import { RalphError } from '../errors.ts'
import type { Position } from './filters.ts'

/**
 * The content of a `more` link: the parameters of the query, and the last statement of the page. The server keeps nothing, so a link
 * survives restarts and never expires (Communication §2.1.3). A link gives no permission: each request is authenticated and restricted
 * again. The check digits only detect an altered link.
 */
export interface Cursor {
  /** The query parameters of the first request. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  readonly position: Position
}

const digits = (text: string): string =>
  createHash('sha256').update(`ralph more 1 ${text}`).digest('base64url').slice(0, 12)

export const encodeCursor = ({ parameters, position }: Cursor): string => {
  const text = Buffer.from(JSON.stringify([parameters, position.stored, position.id])).toString('base64url')
  return `${text}.${digits(text)}`
}

const isPair = (value: unknown): value is readonly [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'string')

const readCursor = (text: string): Cursor | undefined => {
  const [parameters, stored, id]: readonly unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString())
  if (!Array.isArray(parameters) || !parameters.every(isPair)) return undefined
  if (typeof stored !== 'number' || !Number.isSafeInteger(stored) || typeof id !== 'string') return undefined
  return { parameters, position: { stored, id } }
}

/** Throws `INVALID_CURSOR` for anything that `encodeCursor` did not make. */
export const decodeCursor = (cursor: string): Cursor => {
  const dot = cursor.lastIndexOf('.')
  const text = cursor.slice(0, Math.max(dot, 0))
  let read: Cursor | undefined
  try {
    if (cursor.slice(dot + 1) === digits(text)) read = readCursor(text)
  } catch {
    // The check digits are right but the text is not JSON: a client computed them. It is not a cursor.
  }
  if (read === undefined) {
    throw new RalphError('INVALID_CURSOR', 'This `more` link was not made by this server, or it was altered.')
  }
  return read
}
