import { endOfString, endOfValue, onOneLine } from '../../json/exact.ts'
import { type Bytes, closeBrace, comma, openBrace } from './json-bytes.ts'

/** The answer to a search, its hits as text: numbers stay as they were written. */
export interface SearchAnswer {
  /** Whole, or what was stored only; each on one line. */
  readonly lines: readonly string[]
  /** The JSON text of what the last hit is sorted by; undefined: there is no hit. */
  readonly last: string | undefined
  /** Of the point in time, for the next search. */
  readonly pit: string | undefined
  /** All that match, where that was asked for. */
  readonly total: number | undefined
  /** Of all hits. */
  readonly bytes: number
}

/** Where the object ends. `visit` is called with each key and where its value starts, and returns where that ends. */
const walk = (text: Bytes, start: number, visit: (key: string, at: number) => number): number => {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== closeBrace) {
    if (text.charCodeAt(at) === comma) at += 1
    const keyEnd = endOfString(text, at)
    at = visit(text.slice(at + 1, keyEnd - 1), keyEnd + 1)
  }
  return at + 1
}

const lineOf = (bytes: Buffer, start: number, end: number): string => {
  const line = bytes.toString('utf8', start, end)
  return onOneLine(line)
}

/** Elasticsearch prints answers without white space, but what was stored as it came. */
export const readPage = (bytes: Buffer, bare: boolean): SearchAnswer => {
  const text: Bytes = bytes.toString('latin1')
  const lines: string[] = []
  let last: string | undefined
  let pit: string | undefined
  let total: number | undefined
  let size = 0

  const readHit = (start: number): number => {
    let source: readonly [start: number, end: number] | undefined
    const end = walk(text, start, (key, at) => {
      const valueEnd = endOfValue(text, at)
      if (key === '_source') source = [at, valueEnd]
      else if (key === 'sort') last = bytes.toString('utf8', at, valueEnd)
      return valueEnd
    })
    size += end - start
    if (!bare) lines.push(lineOf(bytes, start, end))
    else if (source !== undefined) lines.push(lineOf(bytes, ...source))
    return end
  }

  const readHits = (start: number): number => {
    let at = start + 1
    while (text.charCodeAt(at) === openBrace) {
      at = readHit(at)
      if (text.charCodeAt(at) === comma) at += 1
    }
    return at + 1
  }

  walk(text, 0, (key, at) => {
    if (key === 'hits') {
      return walk(text, at, (inner, value) => {
        if (inner === 'hits') return readHits(value)
        const end = endOfValue(text, value)
        if (inner === 'total') total = Number(/"value":(\d+)/.exec(text.slice(value, end))?.[1])
        return end
      })
    }
    const end = endOfValue(text, at)
    if (key === 'pit_id') pit = text.slice(at + 1, end - 1)
    return end
  })
  return { lines, last, pit, total, bytes: size }
}
