/**
 * JSON is judged and cut in its bytes, one pass over each, without making anything of it: several times as fast as
 * parsing it. What these functions do not see as well-formed at once (keys with escapes, deep nesting, errors) is left
 * to JSON.parse; they never take for well-formed what it refuses.
 *
 * The bytes are UTF-8, and each line of them ends with a line feed, at which every loop stops.
 */

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** Deeper than this is left to others. */
const maxDepth = 128

/** Behind the white space; a line feed is none, since it ends the line. */
const skipSpace = (bytes: Uint8Array, from: number): number => {
  let at = from
  let byte = bytes[at]
  while (byte === 0x20 || byte === 0x09 || byte === 0x0d) byte = bytes[++at]
  return at
}

/** What stands behind a backslash, `u` aside, and what it stands for; 0: nothing. */
const escapes = new Uint8Array(256)
for (const [letter, value] of Object.entries({ '"': 34, '\\': 92, '/': 47, b: 8, f: 12, n: 10, r: 13, t: 9 })) {
  escapes[letter.charCodeAt(0)] = value
}

/** The values of hexadecimal digits; 16 for all others. */
const hex = new Uint8Array(256).fill(16)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  hex[digit.charCodeAt(0)] = value
  hex[digit.toUpperCase().charCodeAt(0)] = value
}

const hexAt = (bytes: Uint8Array, at: number): number => hex[bytes[at] ?? 0] ?? 16

const isUnicodeEscape = (bytes: Uint8Array, at: number): boolean =>
  hexAt(bytes, at) < 16 && hexAt(bytes, at + 1) < 16 && hexAt(bytes, at + 2) < 16 && hexAt(bytes, at + 3) < 16

/** Behind the closing quote of the string whose opening quote stands before `from`; -1: it is none. */
const endOfString = (bytes: Uint8Array, from: number): number => {
  for (let at = from; ; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === quote) return at + 1
    if (byte < 0x20) return -1
    if (byte !== backslash) continue
    at += 1
    const escaped = bytes[at] ?? 0
    if (escapes[escaped] !== 0) continue
    if (escaped !== 0x75 || !isUnicodeEscape(bytes, at + 1)) return -1
    at += 4
  }
}

const unitAt = (bytes: Uint8Array, at: number): number =>
  (hexAt(bytes, at) << 12) | (hexAt(bytes, at + 1) << 8) | (hexAt(bytes, at + 2) << 4) | hexAt(bytes, at + 3)

/** The code point that is written with the `u` at `at`; half a surrogate pair is U+FFFD. */
const pointAt = (bytes: Uint8Array, at: number): number => {
  const high = unitAt(bytes, at + 1)
  if (high < 0xd800 || high > 0xdfff) return high
  const isPaired =
    high < 0xdc00 && bytes[at + 5] === backslash && bytes[at + 6] === 0x75 && isUnicodeEscape(bytes, at + 7)
  const low = isPaired ? unitAt(bytes, at + 7) : 0
  return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00) : 0xfffd
}

/** Writes a code point as UTF-8; gives where it ends. */
const putPoint = (out: Uint8Array, to: number, point: number): number => {
  let put = to
  if (point < 0x80) out[put++] = point
  else if (point < 0x800) {
    out[put++] = 0xc0 | (point >> 6)
    out[put++] = 0x80 | (point & 0x3f)
  } else {
    if (point < 0x10000) out[put++] = 0xe0 | (point >> 12)
    else {
      out[put++] = 0xf0 | (point >> 18)
      out[put++] = 0x80 | ((point >> 12) & 0x3f)
    }
    out[put++] = 0x80 | ((point >> 6) & 0x3f)
    out[put++] = 0x80 | (point & 0x3f)
  }
  return put
}

/** Where a string and what it stands for end. */
const copied = { end: -1, put: 0 }

/**
 * As `endOfString`, and writes what the string stands for to `out` at `to`, as UTF-8, which is never longer than the
 * string. The answer is in `copied` until the next call.
 */
const copyString = (bytes: Uint8Array, from: number, out: Uint8Array, to: number): void => {
  let put = to
  copied.end = -1
  for (let at = from; ; at += 1) {
    const byte = bytes[at] ?? 0
    // Most are small letters, which are above all that is asked about.
    if (byte > backslash || (byte >= 0x20 && byte !== quote && byte !== backslash)) {
      out[put++] = byte
      continue
    }
    if (byte === quote) {
      copied.end = at + 1
      copied.put = put
      return
    }
    if (byte !== backslash) return
    at += 1
    const escaped = bytes[at] ?? 0
    if (escaped === quote) {
      out[put++] = quote
      continue
    }
    const plain = escapes[escaped] ?? 0
    if (plain !== 0) {
      out[put++] = plain
      continue
    }
    if (escaped !== 0x75 || !isUnicodeEscape(bytes, at + 1)) return
    const point = pointAt(bytes, at)
    put = putPoint(out, put, point)
    at += point > 0xffff ? 10 : 4
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

/** Behind the digits; -1: there are none. */
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

const words = ['true', 'false', 'null'].map((word) => Buffer.from(word))

const startsWith = (bytes: Uint8Array, at: number, word: Uint8Array): boolean => {
  for (let index = 0; index < word.length; index += 1) if (bytes[at + index] !== word[index]) return false
  return true
}

const endOfWord = (bytes: Uint8Array, from: number): number => {
  for (const word of words) if (startsWith(bytes, from, word)) return from + word.length
  return -1
}

const endOfScalar = (bytes: Uint8Array, from: number): number => {
  const byte = bytes[from] ?? 0
  if (byte === quote) return endOfString(bytes, from + 1)
  return byte === 0x2d || isDigit(byte) ? endOfNumber(bytes, from) : endOfWord(bytes, from)
}

/** What a scan has found, [start, end); -1: nothing. */
export interface Scanned {
  /** Of the object on the line. */
  start: number
  end: number
  /** Of the value of its member of the wanted name, the last one of several. */
  valueStart: number
  valueEnd: number
  /** Where in `out` ends what that value stands for, where it is a string. */
  put: number
}

/**
 * Makes what looks at the line that begins at `from`: whether it is one object, and where its member `name` is. The
 * answer is in `found` until the next call; false: this cannot tell, or it is none. With `out`, what the member stands
 * for is written there at `to` when it is a string: it is read once for both.
 */
export const createScan = (name: string) => {
  const wanted = Buffer.from(name)
  const isObject = new Uint8Array(maxDepth)
  const found: Scanned = { start: -1, end: -1, valueStart: -1, valueEnd: -1, put: 0 }
  let isWanted = false

  /** Behind the colon of the key that begins at `from`; -1: it is none, or it has escapes. */
  const endOfKey = (bytes: Uint8Array, from: number, depth: number): number => {
    if (bytes[from] !== quote) return -1
    const end = endOfString(bytes, from + 1)
    if (end < 0) return -1
    if (depth === 1) {
      for (let at = from + 1; at < end; at += 1) if (bytes[at] === backslash) return -1
      isWanted = end - from - 2 === wanted.length && startsWith(bytes, from + 1, wanted)
    }
    const at = skipSpace(bytes, end)
    return bytes[at] === colon ? at + 1 : -1
  }

  const scan = (bytes: Uint8Array, from: number, out?: Uint8Array, to = 0): boolean => {
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
          if (object) at = endOfKey(bytes, at, depth)
          if (at < 0) return false
          continue
        }
      } else {
        if (depth === 1 && isWanted && out !== undefined && byte === quote) {
          copyString(bytes, at + 1, out, to)
          at = copied.end
          found.put = copied.put
        } else at = endOfScalar(bytes, at)
        if (at < 0) return false
      }
      // A value has ended, and what it stands in may end with it.
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
          if (object) at = endOfKey(bytes, skipSpace(bytes, at), depth)
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
