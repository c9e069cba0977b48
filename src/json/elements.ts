/** Where one element of a JSON list stands in the bytes of the list, and what can be told of it without reading its values. */
export interface ElementPlace {
  readonly start: number
  readonly end: number
  /** How many `"key":` stand in it, at every depth, repeated ones included. */
  readonly keys: number
  /** How many arrays and objects stand within each other. */
  readonly depth: number
}

/**
 * Finds the elements of a list, or the one value that the bytes are, some bytes at a time. The bytes are JSON exactly when
 * the form is sound and every element is: so that each may be parsed by itself, and others have their turn in between.
 */
export interface ElementScan {
  /** Looks at so many bytes more; true when there are none left. */
  step(bytes: number): boolean
  readonly found: readonly ElementPlace[]
  readonly isList: boolean
  /** The brackets and commas around the elements are those of a list. To be asked when all was looked at. */
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

/** `bytes`: UTF-8. */
export const scanElements = (bytes: Uint8Array): ElementScan => {
  const { length } = bytes
  // A byte order mark is passed over.
  let at = hasMark(bytes) ? 3 : 0
  while (isSpace(bytes[at])) at += 1
  const isList = bytes[at] === openBracket
  if (isList) at += 1
  const found: ElementPlace[] = []
  let start = at
  let depth = 0
  let deepest = 0
  let keys = 0
  let inString = false
  let ended = false
  let isOpen = isList

  const close = (end: number, keys: number, depth: number): void => {
    let [from, to] = [start, end]
    while (from < to && isSpace(bytes[from])) from += 1
    while (from < to && isSpace(bytes[to - 1])) to -= 1
    // Of an empty list nothing but its end; between two commas something must stand, which parsing it will say.
    if (from < to || !isList || isOpen || found.length > 0) found.push({ start: from, end: to, keys, depth })
    start = end + 1
  }

  const step = (count: number): boolean => {
    const end = Math.min(length, at + count)
    // Kept here while the loop runs: it is the same, and several times faster.
    let [place, level, most, names, quoted] = [at, depth, deepest, keys, inString]
    for (; place < end; place += 1) {
      const code = bytes[place]
      if (quoted) {
        if (code === backslash) place += 1
        else if (code === quote) quoted = false
      } else if (code === quote) quoted = true
      else if (code === colon) names += 1
      else if (code === openBrace || code === openBracket) {
        level += 1
        if (level > most) most = level
      } else if (code === closeBrace || code === closeBracket) {
        if (level > 0 || code === closeBrace || !isOpen) {
          level -= 1
          continue
        }
        isOpen = false
        close(place, names, most)
        names = most = 0
      } else if (code === comma && level === 0 && isOpen) {
        close(place, names, most)
        names = most = 0
      }
    }
    at = place
    depth = level
    deepest = most
    keys = names
    inString = quoted
    if (at < length) return false
    if (!ended && !isList) close(length, names, most)
    ended = true
    return true
  }

  return {
    step,
    found,
    isList,
    isSound: () => {
      if (!isList) return true
      if (isOpen) return false
      for (let behind = start; behind < length; behind += 1) if (!isSpace(bytes[behind])) return false
      return true
    }
  }
}
