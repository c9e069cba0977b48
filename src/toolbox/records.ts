import type { InputRecord } from '../contracts/data-backend.ts'
import { type LineOptions, readLines } from '../streams/lines.ts'

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

const isObject = (value: unknown): value is InputRecord['value'] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The record on a line, or why there is none. */
export const parseRecord = (text: string, line: number): InputRecord | BadLine => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? { line, text, value } : { line, text, reason: 'is no JSON object' }
  } catch (error) {
    return { line, text, reason: `is no JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const byteOrderMark = '\ufeff'

/** The text of a line as JSON has it: without the mark that some programs begin a file with, and without CR. */
export const trimLine = (text: string, line: number): string => {
  const start = line === 1 && text.startsWith(byteOrderMark) ? 1 : 0
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
      const text = trimLine(raw, first + index)
      if (text.trim() === '') continue
      const read = parseRecord(text, first + index)
      if ('value' in read) records.push(read)
      else bad.push(read)
    }
    bad.sort((one, other) => one.line - other.line)
    yield { records, bad, bytes }
  }
}
