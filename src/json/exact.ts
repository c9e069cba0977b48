import { isUtf8 } from 'node:buffer'
import { messageOf, RalphError } from '../errors.ts'

/**
 * Statements are returned as they were sent, with the same number text and key order (decision: more than equal JSON). So the text that
 * arrived is kept and edited. It is never printed from the parsed value. These functions find positions in text that `JSON.parse` has
 * already accepted. For other text their results mean nothing.
 */

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const point = 0x2e
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** UTF-8 only (RFC 8259 §8.1). A byte order mark is skipped. Throws `INVALID_JSON` for other bytes. */
export const decodeUtf8 = (bytes: Uint8Array): string => {
  if (!isUtf8(bytes)) throw new RalphError('INVALID_JSON', 'The body is not valid UTF-8.')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** Throws `INVALID_JSON`, with the position at which the text is no longer JSON. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RalphError('INVALID_JSON', `The body is not valid JSON: ${messageOf(cause)}.`)
  }
}

/** `start` is the opening quote of a string. Returns the position after its closing quote. */
export const endOfString = (text: string, start: number): number => {
  let end = text.indexOf('"', start + 1)
  while (text.charCodeAt(end - 1) === backslash) {
    let slashes = 1
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1
    if (slashes % 2 === 0) break
    end = text.indexOf('"', end + 1)
  }
  return end + 1
}

export interface Survey {
  /** The number of `"key":` in it, at every depth. A repeated key counts each time. */
  readonly keys: number
  /** How deep its arrays and objects are nested. */
  readonly depth: number
  /** It may hold a number that is too large for a double. */
  readonly mayOverflow: boolean
}

/** The largest double has 309 digits. */
const manyDigits = 300

/** The end of the number that begins at `start`. */
const endOfNumber = (text: string, start: number): number => {
  let end = start
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end)
    if (!isDigit(code) && code !== point) break
  }
  return end
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

const isExponent = (code: number): boolean => code === 0x65 || code === 0x45

/** What can be said of one JSON text without reading its values. */
export const survey = (text: string): Survey => {
  let keys = 0
  let depth = 0
  let deepest = 0
  let mayOverflow = false
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at) - 1
        break
      case openBrace:
      case openBracket:
        depth += 1
        if (depth > deepest) deepest = depth
        break
      case closeBrace:
      case closeBracket:
        depth -= 1
        break
      case colon:
        keys += 1
        break
      default:
        if (isDigit(text.charCodeAt(at))) {
          const end = endOfNumber(text, at)
          mayOverflow ||= end - at > manyDigits || isExponent(text.charCodeAt(end))
          at = end - 1
        }
    }
  }
  return { keys, depth: deepest, mayOverflow }
}

export interface Element {
  readonly text: string
  /** The number of `"key":` in the text, at every depth. A repeated key counts each time. */
  readonly keys: number
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

/** The end of the value that begins at `start`: before a comma or bracket that does not belong to it, or at `limit`. */
const scanValue = (text: string, start: number, limit: number): { readonly end: number; readonly keys: number } => {
  let depth = 0
  let keys = 0
  let end = start
  scan: for (; end < limit; end += 1) {
    switch (text.charCodeAt(end)) {
      case quote:
        end = endOfString(text, end) - 1
        break
      case openBrace:
      case openBracket:
        depth += 1
        break
      case closeBrace:
      case closeBracket:
        if (depth === 0) break scan
        depth -= 1
        break
      case colon:
        keys += 1
        break
      case comma:
        if (depth === 0) break scan
        break
    }
  }
  return { end, keys }
}

/** The end of the value that begins at `start`. */
export const endOfValue = (text: string, start: number): number => {
  let { end } = scanValue(text, start, text.length)
  while (isSpace(text.charCodeAt(end - 1))) end -= 1
  return end
}

/** The elements of the text of an array. Text that is not an array counts as one element. */
export const elements = (text: string): Element[] => {
  let at = 0
  while (isSpace(text.charCodeAt(at))) at += 1
  if (text.charCodeAt(at) === openBracket) at += 1
  const found: Element[] = []
  for (;;) {
    const { end, keys } = scanValue(text, at, text.length)
    const element = text.slice(at, end).trim()
    if (element !== '') found.push({ text: element, keys })
    if (text.charCodeAt(end) !== comma) return found
    at = end + 1
  }
}

/** The number of keys of a parsed value, at every depth. If the text has more, it repeats a key within one object. */
export const countKeys = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0
  let keys = 0
  if (Array.isArray(value)) {
    for (const element of value) keys += countKeys(element)
    return keys
  }
  const members = value as Readonly<Record<string, unknown>>
  for (const key in members) keys += 1 + countKeys(members[key])
  return keys
}

export interface Member {
  readonly key: string
  /** [start, end) is `"key": value`, [valueStart, end) is the value. */
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

/** The top-level members of the text of an object, in their order. */
export const members = (text: string): readonly Member[] => {
  const found: Member[] = []
  let at = text.indexOf('{') + 1
  const last = text.lastIndexOf('}')
  while (at < last) {
    while (isSpace(text.charCodeAt(at)) || text.charCodeAt(at) === comma) at += 1
    if (at >= last) break
    const start = at
    at = endOfString(text, at)
    const key: unknown = JSON.parse(text.slice(start, at))
    at = text.indexOf(':', at) + 1
    while (isSpace(text.charCodeAt(at))) at += 1
    const valueStart = at
    at = scanValue(text, at, last).end
    let end = at
    while (isSpace(text.charCodeAt(end - 1))) end -= 1
    found.push({ key: String(key), start, valueStart, end })
  }
  return found
}

/** Puts JSON on one line. JSON strings hold no raw line feed, so every line feed is insignificant white space. */
export const onOneLine = (text: string): string =>
  text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n][ \t\r\n]*/g, '') : text

/** The text of an object without some of its top-level members. */
export const withoutMembers = (text: string, keys: ReadonlySet<string>): string => {
  const kept = members(text)
    .filter(({ key }) => !keys.has(key))
    .map(({ start, end }) => text.slice(start, end))
  return `{${kept.join(',')}}`
}

/** The text of an object, with the value at a path of keys replaced. The text is unchanged if the path does not exist. */
export const editValue = (text: string, path: readonly string[], edit: (value: string) => string): string => {
  const [key, ...rest] = path
  if (key === undefined) return edit(text)
  const member = members(text).find((each) => each.key === key)
  if (member === undefined) return text
  const value = text.slice(member.valueStart, member.end)
  return text.slice(0, member.valueStart) + editValue(value, rest, edit) + text.slice(member.end)
}
