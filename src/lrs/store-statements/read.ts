import { RalphError } from '../../errors.ts'
import { decodeUtf8, elements, parseJson } from '../../xapi/json-text.ts'

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

/** One statement, or a list of them. `INVALID_JSON` when the text is none or an empty array. */
export const readStatements = (json: Uint8Array): readonly SentStatement[] => {
  const statements = apart(parse(json))
  if (statements.length === 0) throw new RalphError('INVALID_JSON', 'The list of statements is empty.')
  return statements
}

/** One statement, and no list, not even of one. `INVALID_JSON`, `INVALID_STATEMENT`. */
export const readStatement = (json: Uint8Array): SentStatement => {
  const parsed = parse(json)
  const [only] = Array.isArray(parsed.value) ? [] : apart(parsed)
  if (only === undefined) throw new RalphError('INVALID_STATEMENT', 'PUT takes one statement, not a list of them.')
  return only
}
