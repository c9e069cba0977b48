/**
 * Scans the bytes of a JSON object, a few at a time, so that other requests run in between. It keeps only the positions of the top-level
 * members. It accepts what `JSON.parse` accepts.
 */
export interface ObjectScan {
  /** Scans this many more bytes. Returns true when no bytes are left. Throws a SyntaxError at the first byte that is not JSON. */
  step(bytes: number): boolean
  /** Four numbers for each member, in the order of the members: start and end of the key, start and end of the value. */
  readonly places: readonly number[]
}

/** How many numbers `places` has for each member. */
export const perMember = 4

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a] as const
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d] as const
const [minus, plus, point, zero, letterU] = [0x2d, 0x2b, 0x2e, 0x30, 0x75] as const

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const isExponent = (code: number): boolean => code === 0x65 || code === 0x45
const isHex = (code: number): boolean =>
  isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66)

const escapes: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'))
const words: ReadonlyMap<number, Buffer> = new Map(
  ['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)])
)

/** What may come next. Within a number: the last thing that was read of it. */
const next = {
  value: 0,
  valueOrEnd: 1,
  key: 2,
  keyOrEnd: 3,
  colon: 4,
  commaOrEnd: 5,
  restOfString: 6,
  escape: 7,
  hex: 8,
  afterMinus: 9,
  afterZero: 10,
  afterDigit: 11,
  afterPoint: 12,
  afterFraction: 13,
  afterE: 14,
  afterSign: 15,
  afterExponent: 16
} as const

/** The states in which a number may end. */
const complete: ReadonlySet<number> = new Set([next.afterZero, next.afterDigit, next.afterFraction, next.afterExponent])

/** The state of a number after one more byte. Undefined: the byte does not continue the number. */
const inNumber = (state: number, code: number): number | undefined => {
  switch (state) {
    case next.afterMinus:
      return code === zero ? next.afterZero : isDigit(code) ? next.afterDigit : undefined
    case next.afterDigit:
      if (isDigit(code)) return state
      return code === point ? next.afterPoint : isExponent(code) ? next.afterE : undefined
    case next.afterZero:
      return code === point ? next.afterPoint : isExponent(code) ? next.afterE : undefined
    case next.afterPoint:
      return isDigit(code) ? next.afterFraction : undefined
    case next.afterFraction:
      return isDigit(code) ? state : isExponent(code) ? next.afterE : undefined
    case next.afterE:
      return code === plus || code === minus ? next.afterSign : isDigit(code) ? next.afterExponent : undefined
    default:
      return isDigit(code) ? next.afterExponent : undefined
  }
}

/** For each open array or object, whether it is an object. One bit each, because there may be as many as there are bytes. */
const createNesting = () => {
  let bits = new Uint8Array(64)
  let depth = 0
  return {
    depth: () => depth,
    isObject: () => ((bits[(depth - 1) >> 3] ?? 0) & (1 << ((depth - 1) & 7))) !== 0,
    open: (isObject: boolean): void => {
      const place = depth >> 3
      if (place === bits.length) {
        const more = new Uint8Array(bits.length * 2)
        more.set(bits)
        bits = more
      }
      const bit = 1 << (depth & 7)
      bits[place] = isObject ? (bits[place] ?? 0) | bit : (bits[place] ?? 0) & ~bit
      depth += 1
    },
    close: (): void => {
      depth -= 1
    }
  }
}

/** `bytes` is UTF-8, starting at the opening brace of an object. */
export const scanObject = (bytes: Uint8Array, start: number): ObjectScan => {
  const { length } = bytes
  const places: number[] = []
  const nesting = createNesting()
  let at = start
  let state: number = next.value
  let isKey = false
  let hexLeft = 0

  const fail = (place: number): never => {
    throw new SyntaxError(place < length ? `unexpected byte at position ${place}` : 'it ends too early')
  }
  // Each of these functions returns what comes next.
  const ended = (end: number): number => {
    if (nesting.depth() === 1) places.push(end)
    return next.commaOrEnd
  }
  const close = (isObject: boolean): number => {
    if (nesting.depth() === 0 || nesting.isObject() !== isObject) fail(at)
    nesting.close()
    return ended(at + 1)
  }
  const begin = (code: number): number => {
    if (nesting.depth() === 1) places.push(at)
    if (code === quote) return next.restOfString
    if (code === openBrace || code === openBracket) {
      nesting.open(code === openBrace)
      return code === openBrace ? next.keyOrEnd : next.valueOrEnd
    }
    if (code === minus) return next.afterMinus
    if (isDigit(code)) return code === zero ? next.afterZero : next.afterDigit
    const word = words.get(code)
    if (word === undefined || !word.equals(bytes.subarray(at, at + word.length))) return fail(at)
    at += word.length - 1
    return ended(at + 1)
  }
  const beginKey = (): number => {
    if (nesting.depth() === 1) places.push(at)
    isKey = true
    return next.restOfString
  }
  const endString = (): number => {
    if (!isKey) return ended(at + 1)
    if (nesting.depth() === 1) places.push(at + 1)
    isKey = false
    return next.colon
  }

  /** Everything except the inside of a string or a number. */
  const between = (code: number): number => {
    if (isSpace(code)) return state
    switch (state) {
      case next.valueOrEnd:
        return code === closeBracket ? close(false) : begin(code)
      case next.value:
        return begin(code)
      case next.keyOrEnd:
        return code === closeBrace ? close(true) : code === quote ? beginKey() : fail(at)
      case next.key:
        return code === quote ? beginKey() : fail(at)
      case next.colon:
        return code === colon ? next.value : fail(at)
      default:
        if (code === closeBrace || code === closeBracket) return close(code === closeBrace)
        if (code !== comma || nesting.depth() === 0) return fail(at)
        return nesting.isObject() ? next.key : next.value
    }
  }

  const inString = (code: number): number => {
    if (state === next.escape) {
      hexLeft = 4
      return code === letterU ? next.hex : escapes.has(code) ? next.restOfString : fail(at)
    }
    if (state === next.hex) {
      if (!isHex(code)) fail(at)
      hexLeft -= 1
      return hexLeft === 0 ? next.restOfString : next.hex
    }
    if (code === quote) return endString()
    if (code < 0x20) fail(at)
    return code === backslash ? next.escape : next.restOfString
  }

  const afterNumber = (code: number): number => {
    if (!complete.has(state)) fail(at)
    state = ended(at)
    return between(code)
  }

  const step = (count: number): boolean => {
    const end = Math.min(length, at + count)
    for (; at < end; at += 1) {
      // `at` is within the bytes.
      const code = bytes[at] as number
      if (state < next.restOfString) state = between(code)
      else if (state < next.afterMinus) state = inString(code)
      else state = inNumber(state, code) ?? afterNumber(code)
    }
    if (at < length) return false
    if (nesting.depth() > 0 || state !== next.commaOrEnd) fail(length)
    return true
  }

  return { step, places }
}
