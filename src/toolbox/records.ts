import type { InputRecord } from '../contracts/data-backend.ts'
import { messageOf } from '../errors.ts'
import { isObject } from '../json/values.ts'
import { type LineOptions, readLines } from '../streams/lines.ts'
import { prefixLength } from './log-prefix.ts'

/** A line of input that is no record. */
export interface BadLine {
  readonly line: number
  readonly reason: string
  /** Undefined: it cannot be shown. */
  readonly text: string | undefined
}

export interface RecordBatch {
  readonly records: readonly InputRecord[]
  readonly bad: readonly BadLine[]
  /** Of input. */
  readonly bytes: number
}

/** The record on a line, or why there is none. */
export const parseRecord = (text: string, line: number): InputRecord | BadLine => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? { line, text, value } : { line, text, reason: 'is no JSON object' }
  } catch (error) {
    return { line, text, reason: `is no JSON: ${messageOf(error)}` }
  }
}

const byteOrderMark = '\ufeff'

const openBrace = 0x7b

/**
 * Where the record of a line begins: behind the mark that some programs begin a file with (files that were joined have
 * it in the middle), and behind what a logger wrote in front of it.
 */
export const recordStart = (text: string): number => {
  if (text.charCodeAt(0) === openBrace) return 0
  const start = text.startsWith(byteOrderMark) ? 1 : 0
  return start + prefixLength(start === 0 ? text : text.slice(start))
}

/** The text of the record of a line, without CR. */
export const recordIn = (text: string): string => {
  const start = recordStart(text)
  const end = text.endsWith('\r') ? text.length - 1 : text.length
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

/** JSON lines as records. Empty lines are none, and nothing is wrong with them. */
export async function* readRecords(
  input: AsyncIterable<Uint8Array>,
  options: LineOptions = {}
): AsyncGenerator<RecordBatch, void, undefined> {
  for await (const { first, lines, broken, bytes } of readLines(input, options)) {
    const records: InputRecord[] = []
    const bad: BadLine[] = broken.map(({ number, reason }) => ({ line: number, reason, text: undefined }))
    for (const [index, raw] of lines.entries()) {
      if (raw === undefined) continue
      const text = recordIn(raw)
      if (text.trim() === '') continue
      const read = parseRecord(text, first + index)
      if ('value' in read) records.push(read)
      else bad.push(read)
    }
    bad.sort((one, other) => one.line - other.line)
    yield { records, bad, bytes }
  }
}
