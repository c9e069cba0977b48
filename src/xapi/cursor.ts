import { createHash } from 'node:crypto'
import { RalphError } from '../errors.ts'
import type { Position } from './filters.ts'

/**
 * What a `more` link carries: the question as it was asked, and the last statement it was answered with. Nothing is
 * kept on the server, so a link survives restarts and never expires (Communication §2.1.3). It grants nothing: whoever
 * follows it is authenticated and restricted anew. The check digits only tell an altered link from a whole one.
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

/** `INVALID_CURSOR` for anything that `encodeCursor` did not make. */
export const decodeCursor = (cursor: string): Cursor => {
  const dot = cursor.lastIndexOf('.')
  const text = cursor.slice(0, Math.max(dot, 0))
  let read: Cursor | undefined
  try {
    if (cursor.slice(dot + 1) === digits(text)) read = readCursor(text)
  } catch {
    // Not JSON: somebody worked out the check digits of other text. It is no cursor, whatever it is.
  }
  if (read === undefined) {
    throw new RalphError('INVALID_CURSOR', 'This `more` link is not one that this server made, or it was altered.')
  }
  return read
}
