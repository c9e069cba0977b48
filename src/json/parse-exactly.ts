/**
 * What ECMAScript 2026 adds (JSON.parse source text access), which Node has and the types of TypeScript do not yet:
 * a reviver is shown the text of a number, and `rawJSON` makes a value that is printed as that text.
 */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
  rawJSON(text: string): unknown
}
const json = JSON as unknown as ExactJson

/**
 * Finds, and rarely in vain, a number that a double would print otherwise: 1.0, 1e3, -0, 0.0000001, or one of more
 * digits than a double has.
 */
const printedOtherwise = /[:,[]\s*(?:-?\d+(?:\.(?:\d*0(?!\d)|0{6}|\d{13})|(?:\.\d+)?[eE]|\d{15})|-0(?![.\d]))/

/**
 * Parsed JSON that `JSON.stringify` prints with every number as it stood in the text. Such a number may be an object
 * that only it understands: for whoever rearranges a value and looks at none of its numbers.
 */
export const parseExactly = (text: string): unknown => {
  if (!printedOtherwise.test(text)) return JSON.parse(text)
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && JSON.stringify(value) !== source ? json.rawJSON(source) : value
  )
}
