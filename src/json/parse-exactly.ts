/**
 * ECMAScript 2026 adds JSON.parse source text access. Node has it, the types of TypeScript do not have it yet. A reviver gets the text of a
 * number, and `rawJSON` makes a value that is printed as that text.
 */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
  rawJSON(text: string): unknown
}
const json = JSON as unknown as ExactJson

/**
 * Finds a number that a double would print differently: 1.0, 1e3, -0, 0.0000001, or one with more digits than a double has. It is rarely
 * wrong.
 */
const printedOtherwise = /[:,[]\s*(?:-?\d+(?:\.(?:\d*0(?!\d)|0{6}|\d{13})|(?:\.\d+)?[eE]|\d{15})|-0(?![.\d]))/

/**
 * Parses JSON so that `JSON.stringify` prints every number as it was in the text. Such a number may be an object that only `JSON.stringify`
 * understands. So the caller may rearrange the value, but must not read its numbers.
 */
export const parseExactly = (text: string): unknown => {
  if (!printedOtherwise.test(text)) return JSON.parse(text)
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && JSON.stringify(value) !== source ? json.rawJSON(source) : value
  )
}
