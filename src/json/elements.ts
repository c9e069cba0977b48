/** Where one element of a JSON list is in the bytes of the list, and what can be said of it without reading its values. */
export interface ElementPlace {
  readonly start: number
  readonly end: number
  /** The number of `"key":` in it, at every depth. A repeated key counts each time. */
  readonly keys: number
  /** How deep its arrays and objects are nested. */
  readonly depth: number
}

/**
 * Finds the elements of a list, a few bytes at a time. Bytes that are not a list count as one element. The bytes are valid JSON exactly
 * when `isSound` is true and every element is valid JSON. So each element can be parsed by itself, and other requests run in between.
 */
export interface ElementScan {
  /** Scans this many more bytes. Returns true when no bytes are left. */
  step(bytes: number): boolean
  /** The elements that were kept. */
  readonly found: readonly ElementPlace[]
  /** The number of all elements. Like `isSound`, it is valid only after `step` has returned true. */
  count(): number
  isList(): boolean
  /** Whether the brackets and commas around the elements are those of a list. */
  isSound(): boolean
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

const isSpace = (code: number | undefined): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

const hasMark = (bytes: Uint8Array): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf

/**
 * At most this many blanks around an element are left out. More blanks stay part of it, because skipping a whole body of blanks takes long.
 */
const mostBlanks = 2 ** 20

/** `bytes` is UTF-8. Elements beyond `most` are counted but not kept: a body of single digits would fill the memory. */
export const scanElements = (bytes: Uint8Array, most = Number.POSITIVE_INFINITY): ElementScan => {
  const { length } = bytes
  // A byte order mark is skipped.
  let at = hasMark(bytes) ? 3 : 0
  let isBegun = false
  let isList = false
  const found: ElementPlace[] = []
  let count = 0
  let start = at
  let depth = 0
  let deepest = 0
  let keys = 0
  let inString = false
  let isOpen = false
  let isEnded = false
  let isAlone = true

  const close = (end: number, keys: number, depth: number): void => {
    let [from, to] = [start, end]
    const [latest, earliest] = [Math.min(to, from + mostBlanks), Math.max(from, to - mostBlanks)]
    while (from < latest && isSpace(bytes[from])) from += 1
    while (to > from && to > earliest && isSpace(bytes[to - 1])) to -= 1
    start = end + 1
    // An empty list has no element. A missing element between two commas is kept, so that parsing it gives the error.
    if (from === to && isList && !isOpen && count === 0) return
    count += 1
    if (count <= most) found.push({ start: from, end: to, keys, depth })
  }

  const begin = (end: number): void => {
    while (at < end && isSpace(bytes[at])) at += 1
    if (at === end && at < length) return
    isBegun = true
    isList = bytes[at] === openBracket
    isOpen = isList
    if (isList) at += 1
    start = at
  }

  const goOn = (end: number): void => {
    // The state is in local variables while the loop runs: this is several times faster.
    let [place, level, deep, names, quoted] = [at, depth, deepest, keys, inString]
    for (; place < end; place += 1) {
      const code = bytes[place]
      if (quoted) {
        if (code === backslash) place += 1
        else if (code === quote) quoted = false
      } else if (code === quote) quoted = true
      else if (code === colon) names += 1
      else if (code === openBrace || code === openBracket) {
        level += 1
        if (level > deep) deep = level
      } else if (code === closeBrace || code === closeBracket) {
        if (level > 0 || code === closeBrace || !isOpen) {
          level -= 1
          continue
        }
        isOpen = false
        close(place, names, deep)
        place += 1
        break
      } else if (code === comma && level === 0 && isOpen) {
        close(place, names, deep)
        names = deep = 0
      }
    }
    at = place
    depth = level
    deepest = deep
    keys = names
    inString = quoted
  }

  const passBlanks = (end: number): void => {
    while (at < end && isSpace(bytes[at])) at += 1
    if (at === end) return
    isAlone = false
    at = length
  }

  return {
    step: (bytesMore) => {
      const end = Math.min(length, at + bytesMore)
      if (!isBegun) begin(end)
      else if (isList && !isOpen) passBlanks(end)
      else goOn(end)
      if (!isBegun || at < length) return false
      if (!isEnded && !isList) close(length, keys, deepest)
      isEnded = true
      return true
    },
    found,
    count: () => count,
    isList: () => isList,
    isSound: () => !isList || (!isOpen && isAlone)
  }
}
