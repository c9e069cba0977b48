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

/** `INVALID_JSON` when the text is none or an empty array. */
export const readStatements = (json: Uint8Array): readonly SentStatement[] => {
  const text = decodeUtf8(json)
  const parsed = parseJson(text)
  const values: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed]
  if (values.length === 0) throw new RalphError('INVALID_JSON', 'The list of statements is empty.')
  const parts = elements(text)
  return values.map((value, index) => {
    const part = parts[index]
    if (part === undefined) throw new RalphError('INTERNAL', `No text was found for statement ${index}.`)
    return { index, text: part.text, keys: part.keys, value }
  })
}
