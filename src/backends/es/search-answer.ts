import { endOfString, endOfValue, onOneLine } from '../../json/exact.ts'
import { type Bytes, closeBrace, comma, openBrace } from './json-bytes.ts'

/** The answer to a search. Its hits stay text, so numbers keep their exact form. */
export interface SearchAnswer {
  /** Whole hits, or only their sources. Each is one line. */
  readonly lines: readonly string[]
  /** The JSON text of the sort values of the last hit. Undefined: there is no hit. */
  readonly last: string | undefined
  /** The id of the point in time, for the next search. */
  readonly pit: string | undefined
  /** The number of all hits, if the search asked for it. */
  readonly total: number | undefined
  /** The size of all hits. */
  readonly bytes: number
}

/** Returns where the object ends. `visit` is called with each key and the start of its value, and returns the end of the value. */
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

/** Elasticsearch prints its answers without white space, but sources stay as they were sent. */
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
