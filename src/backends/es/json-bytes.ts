import { endOfString } from '../../json/exact.ts'

const quote = 0x22
export const openBrace = 0x7b
export const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
export const comma = 0x2c

/** Bytes as characters, so that positions are those of bytes: what structures JSON is ASCII in UTF-8. */
export type Bytes = string

/** Just behind the value that starts here. */
export const endOfValue = (text: Bytes, start: number): number => {
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at) - 1
        if (depth === 0) return at + 1
        break
      case openBrace:
      case openBracket:
        depth += 1
        break
      case closeBrace:
      case closeBracket:
        if (depth === 0) return at
        depth -= 1
        if (depth === 0) return at + 1
        break
      case comma:
        if (depth === 0) return at
        break
    }
  }
  return text.length
}
