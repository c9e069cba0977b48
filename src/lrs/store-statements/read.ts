import { RalphError } from '../../errors.ts'
import { decodeUtf8, elements, parseJson } from '../../xapi/json-text.ts'
import type { LrsRules } from '../call.ts'

/** A statement as it arrived: nothing about it is checked but that it is JSON. */
export interface SentStatement {
  readonly index: number
  /** Exactly what was sent for this statement. */
  readonly text: string
  /** Keys in the text at every depth, repeated ones included. */
  readonly keys: number
  readonly value: unknown
  /** The id by which the request names it, where the statement need not have one of its own. */
  readonly idOfRequest?: string
}

interface ParsedText {
  readonly text: string
  readonly value: unknown
}

const parse = (json: Uint8Array): ParsedText => {
  const text = decodeUtf8(json)
  return { text, value: parseJson(text) }
}

const apart = ({ text, value }: ParsedText): SentStatement[] => {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  const parts = elements(text)
  return values.map((each, index) => {
    const part = parts[index]
    if (part === undefined) throw new RalphError('INTERNAL', `No text was found for statement ${index}.`)
    return { index, text: part.text, keys: part.keys, value: each }
  })
}

/**
 * One statement, or a list of them. `INVALID_JSON` when the text is none, `INVALID_STATEMENT` when the list is empty,
 * `TOO_MANY_STATEMENTS` when it is longer than the operator allows.
 */
export const readStatements = (
  json: Uint8Array,
  { maxStatements }: Pick<LrsRules, 'maxStatements'>
): readonly SentStatement[] => {
  const parsed = parse(json)
  const count = Array.isArray(parsed.value) ? parsed.value.length : 1
  if (count === 0) throw new RalphError('INVALID_STATEMENT', 'The list holds no statement: send at least one.')
  if (count > maxStatements) {
    throw new RalphError(
      'TOO_MANY_STATEMENTS',
      `The list holds ${count} statements, and RALPH_RUNSERVER_MAX_STATEMENTS_PER_REQUEST is ${maxStatements}: ` +
        'send them in several requests.',
      { count, limit: maxStatements }
    )
  }
  return apart(parsed)
}

/** One statement, and no list, not even of one. `INVALID_JSON`, `INVALID_STATEMENT`. */
export const readStatement = (json: Uint8Array): SentStatement => {
  const parsed = parse(json)
  const [only] = Array.isArray(parsed.value) ? [] : apart(parsed)
  if (only === undefined) throw new RalphError('INVALID_STATEMENT', 'PUT takes one statement, not a list of them.')
  return only
}
