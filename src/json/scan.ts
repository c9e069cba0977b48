import { copied, copyString, endOfString, type Words } from './strings.ts'

/**
 * JSON is checked and cut as bytes, in one pass, without making values. This is several times as fast as parsing. What these functions do
 * not recognise at once (keys with escapes, deep nesting, errors) is left to JSON.parse. They never accept what JSON.parse refuses.
 *
 * The bytes are UTF-8. Each line ends with a line feed, and every loop stops there.
 */

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** Deeper values are left to JSON.parse. */
const maxDepth = 128

/** The position after the white space. A line feed does not count as white space, because it ends the line. */
const skipSpace = (bytes: Uint8Array, from: number): number => {
  let at = from
  let byte = bytes[at]
  while (byte === 0x20 || byte === 0x09 || byte === 0x0d) byte = bytes[++at]
  return at
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

/** The position after the digits; -1 if there are no digits. */
const endOfDigits = (bytes: Uint8Array, from: number): number => {
  let at = from
  while (isDigit(bytes[at])) at += 1
  return at === from ? -1 : at
}

/** RFC 8259 §6 */
const endOfNumber = (bytes: Uint8Array, from: number): number => {
  const first = bytes[from] === 0x2d ? from + 1 : from
  let at = bytes[first] === 0x30 ? first + 1 : endOfDigits(bytes, first)
  if (at >= 0 && bytes[at] === 0x2e) at = endOfDigits(bytes, at + 1)
  if (at >= 0 && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
    const sign = bytes[at + 1]
    at = endOfDigits(bytes, at + (sign === 0x2b || sign === 0x2d ? 2 : 1))
  }
  return at
}

const literals = ['true', 'false', 'null'].map((name) => Buffer.from(name))

const startsWith = (bytes: Uint8Array, at: number, start: Uint8Array): boolean => {
  for (let index = 0; index < start.length; index += 1) if (bytes[at + index] !== start[index]) return false
  return true
}

const endOfLiteral = (bytes: Uint8Array, from: number): number => {
  for (const name of literals) if (startsWith(bytes, from, name)) return from + name.length
  return -1
}

const endOfScalar = (words: Words, from: number): number => {
  const { bytes } = words
  const byte = bytes[from] ?? 0
  if (byte === quote) return endOfString(words, from + 1)
  return byte === 0x2d || isDigit(byte) ? endOfNumber(bytes, from) : endOfLiteral(bytes, from)
}

/** What a scan has found, as [start, end). -1 means not found. */
export interface Scanned {
  /** The object on the line. */
  start: number
  end: number
  /** The value of the member with the wanted name. If there are several, the last one. */
  valueStart: number
  valueEnd: number
  /** If that value is a string: where its content ends in `out`. */
  put: number
}

/**
 * Makes a scanner for the line that begins at `from`: whether the line is one object, and where its member `name` is. The result is in
 * `found` until the next call. Returns false if the line is not an object, or if this scanner cannot tell. If `out` is given and the member
 * is a string, its content is written there at `to`, so that it is read only once.
 */
export const createScan = (name: string) => {
  const wanted = Buffer.from(name)
  const isObject = new Uint8Array(maxDepth)
  const found: Scanned = { start: -1, end: -1, valueStart: -1, valueEnd: -1, put: 0 }
  let isWanted = false

  /** The position after the colon of the key that begins at `from`; -1 if there is no key, or if it has escapes. */
  const endOfKey = (words: Words, from: number, depth: number): number => {
    const { bytes } = words
    if (bytes[from] !== quote) return -1
    const end = endOfString(words, from + 1)
    if (end < 0) return -1
    if (depth === 1) {
      for (let at = from + 1; at < end; at += 1) if (bytes[at] === backslash) return -1
      isWanted = end - from - 2 === wanted.length && startsWith(bytes, from + 1, wanted)
    }
    const at = skipSpace(bytes, end)
    return bytes[at] === colon ? at + 1 : -1
  }

  const scan = (words: Words, from: number, out?: Words, to = 0): boolean => {
    const { bytes } = words
    found.valueStart = -1
    let depth = 0
    let at = skipSpace(bytes, from)
    if (bytes[at] !== openBrace) return false
    found.start = at
    for (;;) {
      at = skipSpace(bytes, at)
      if (depth === 1 && isWanted) found.valueStart = at
      const byte = bytes[at]
      if (byte === openBrace || byte === openBracket) {
        if (depth === maxDepth) return false
        const object = byte === openBrace
        isObject[depth] = object ? 1 : 0
        depth += 1
        at = skipSpace(bytes, at + 1)
        if (bytes[at] === (object ? closeBrace : closeBracket)) {
          at += 1
          depth -= 1
        } else {
          if (object) at = endOfKey(words, at, depth)
          if (at < 0) return false
          continue
        }
      } else {
        if (depth === 1 && isWanted && out !== undefined && byte === quote) {
          copyString(words, at + 1, out, to)
          at = copied.end
          found.put = copied.put
        } else at = endOfScalar(words, at)
        if (at < 0) return false
      }
      // A value has ended. The arrays and objects around it may end with it.
      for (;;) {
        if (depth === 1 && isWanted) {
          found.valueEnd = at
          isWanted = false
        }
        if (depth === 0) {
          found.end = at
          return bytes[skipSpace(bytes, at)] === 0x0a
        }
        at = skipSpace(bytes, at)
        const object = isObject[depth - 1] === 1
        if (bytes[at] === comma) {
          at += 1
          if (object) at = endOfKey(words, skipSpace(bytes, at), depth)
          if (at < 0) return false
          break
        }
        if (bytes[at] !== (object ? closeBrace : closeBracket)) return false
        at += 1
        depth -= 1
      }
    }
  }
  return { found, scan }
}
