import { type ParserName, wrapperOf } from '../../toolbox/extract-parsers.ts'
import { recordIn } from '../../toolbox/records.ts'
import { createValueLines } from './value-lines.ts'

/** So many of the first bytes tell how records stand in a file. */
export const layoutHead = 2 ** 16

/** So many of the first lines are looked at for what records are wrapped in. */
const mostLines = 100

/** How records stand in a file: one on each line, as the elements of a list, or printed over several lines. */
export interface Layout {
  readonly lines: 'lines' | 'list' | 'values'
  /** What each is wrapped in. */
  readonly parser: ParserName
}

/** Undefined: it is no text. A character that the end of the head has cut in two is none of its faults. */
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
      // The next one may tell more.
    }
  }
  return 'jsonl'
}

/** How the records of a file stand in it, by how it begins; undefined: it is no text. */
export const layoutOf = (head: Uint8Array): Layout | undefined => {
  const text = asText(head)
  if (text === undefined) return undefined
  const lines = linesOf(text)
  const asLines = lines === 'lines' ? text : Buffer.from(createValueLines(lines === 'list')(head)).toString('utf8')
  return { lines, parser: parserOf(asLines) }
}
