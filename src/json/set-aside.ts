import { randomBytes } from 'node:crypto'
import { endOfString, endOfValue } from './exact.ts'

/**
 * Rearranges a statement without changing what must stay as it was written: extensions, and numbers that a double would print differently.
 * They are replaced by marks before the text is parsed, and put back when it is printed. A mark is a string that no text can contain,
 * because it is random and never leaves this process.
 */
const mark = randomBytes(16).toString('hex')
const marked = new RegExp(`"${mark}(\\d+)"`, 'g')

const quote = 0x22
const minus = 0x2d
const colon = 0x3a

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const isOfNumber = (code: number): boolean =>
  isDigit(code) || code === 0x2e || code === minus || code === 0x2b || code === 0x65 || code === 0x45
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

const extensions = '"extensions"'

export interface Aside {
  /** JSON text with marks. */
  readonly text: string
  /** The JSON text with the original text in the place of each mark. */
  putBack(text: string): string
}

/** `text` must be valid JSON. The time is proportional to its length. */
export const setAside = (text: string): Aside => {
  const parts: string[] = []
  const pieces: string[] = []
  let copied = 0
  const replace = (start: number, end: number): void => {
    pieces.push(text.slice(copied, start), `"${mark}${parts.length}"`)
    parts.push(text.slice(start, end))
    copied = end
  }
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      const end = endOfString(text, at)
      let behind = end
      while (isSpace(text.charCodeAt(behind))) behind += 1
      if (text.charCodeAt(behind) !== colon || !text.startsWith(extensions, at)) {
        at = end
        continue
      }
      behind += 1
      while (isSpace(text.charCodeAt(behind))) behind += 1
      at = endOfValue(text, behind)
      replace(behind, at)
    } else if (code === minus || isDigit(code)) {
      const start = at
      while (isOfNumber(text.charCodeAt(at))) at += 1
      const number = text.slice(start, at)
      if (JSON.stringify(Number(number)) !== number) replace(start, at)
    } else at += 1
  }
  if (parts.length === 0) return { text, putBack: (printed) => printed }
  pieces.push(text.slice(copied))
  return {
    text: pieces.join(''),
    putBack: (printed) => printed.replace(marked, (_, part: string) => parts[Number(part)] ?? 'null')
  }
}
