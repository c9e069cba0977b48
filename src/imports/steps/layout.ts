import { type ParserName, wrapperOf } from '../../toolbox/extract-parsers.ts'
import { recordIn } from '../../toolbox/records.ts'
import { createValueLines } from './value-lines.ts'

/** Bytes at the beginning that show how the records of a file are laid out. */
export const layoutHead = 2 ** 16

/** The most lines that are examined for the envelope of records. */
const mostLines = 100

/** The layout of records in a file: one per line, as elements of a list, or over several lines. */
export interface Layout {
  readonly lines: 'lines' | 'list' | 'values'
  /** The envelope of each record. */
  readonly parser: ParserName
}

/** Undefined: it is not text. A character may be cut in two at the end of the head. */
const asText = (head: Uint8Array): string | undefined => {
  if (head.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: head.length >= layoutHead })
  } catch {
    return undefined
  }
}

const beginsList = /^\s*\[\s*[{\]]/
const beginsValue = /^\s*\{[ \t]*\r?\n[ \t\r\n]*["}]/

const linesOf = (text: string): Layout['lines'] => {
  if (beginsList.test(text)) return 'list'
  return beginsValue.test(text) ? 'values' : 'lines'
}

const parserOf = (text: string): ParserName => {
  for (const line of text.split('\n', mostLines)) {
    try {
      const value: unknown = JSON.parse(recordIn(line))
      return wrapperOf(value) ?? 'jsonl'
    } catch {
      // The next line may tell more.
    }
  }
  return 'jsonl'
}

/** The layout of a file, from its beginning. Undefined: it is not text. */
export const layoutOf = (head: Uint8Array): Layout | undefined => {
  const text = asText(head)
  if (text === undefined) return undefined
  const lines = linesOf(text)
  const asLines = lines === 'lines' ? text : Buffer.from(createValueLines(lines === 'list')(head)).toString('utf8')
  return { lines, parser: parserOf(asLines) }
}
