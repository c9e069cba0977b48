import { RalphError } from '../errors.ts'
import type { Position } from './filters.ts'
import type { Micros } from './timestamp.ts'

/** The first part of every written position. It tells this form from the forms of other versions of Ralph. */
const version = '1'

/** Sorts after the id of every statement. */
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** The position after every statement with this `stored`, and before every later one. */
export const startAfter = (stored: Micros): Position => ({ stored, id: lastId })

const form = /^(\d+)\.(.*)$/s
const ownForm = /^(-?\d{1,16})\.(.+)$/s

/** A position as a short text of printable ASCII that fits into a header. */
export const encodePosition = ({ stored, id }: Position): string =>
  `${version}.${stored}.${encodeURIComponent(id.toWellFormed())}`

const readPosition = (text: string): Position | undefined => {
  const [, stored, id = ''] = ownForm.exec(text) ?? []
  if (stored === undefined || !Number.isSafeInteger(Number(stored))) return undefined
  try {
    return { stored: Number(stored), id: decodeURIComponent(id) }
  } catch {
    // A percent sign that encodes nothing: `encodePosition` did not write this.
    return undefined
  }
}

/** Throws `INVALID_CURSOR` for anything that `encodePosition` did not make. */
export const decodePosition = (text: string): Position => {
  const [, of, rest = ''] = form.exec(text) ?? []
  if (of !== undefined && of !== version) {
    const message = `The position ${JSON.stringify(text)} was written by another version of Ralph: begin without a position.`
    throw new RalphError('INVALID_CURSOR', message, { position: text })
  }
  const position = of === undefined ? undefined : readPosition(rest)
  if (position !== undefined) return position
  const message = `${JSON.stringify(text)} is not a position that Ralph wrote: use one from a batch, or none.`
  throw new RalphError('INVALID_CURSOR', message, { position: text })
}
