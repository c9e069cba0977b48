const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const space = 0x20
const lineFeed = 0x0a
const carriageReturn = 0x0d
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Returns a function that puts each JSON value on one line: the elements of a list, or values one after the other. It takes
 * chunks and does not add or remove bytes. Invalid JSON gives invalid lines, which the parser then reports.
 */
export const createValueLines = (isList: boolean): ((chunk: Uint8Array) => Uint8Array) => {
  // Between the elements of a list one bracket is open.
  const base = isList ? 1 : 0
  let depth = 0
  let inString = false
  let isEscaped = false
  return (chunk) => {
    const bytes = new Uint8Array(chunk)
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]
      if (inString) {
        if (isEscaped) isEscaped = false
        else if (byte === backslash) isEscaped = true
        else if (byte === quote) inString = false
        continue
      }
      if (byte === quote) inString = true
      else if (byte === openBracket || byte === openBrace) {
        if (isList && depth === 0) bytes[at] = space
        depth += 1
      } else if (byte === closeBracket || byte === closeBrace) {
        depth -= 1
        if (isList && depth === 0) bytes[at] = lineFeed
      } else if (byte === comma && isList && depth === base) bytes[at] = lineFeed
      else if ((byte === lineFeed || byte === carriageReturn) && (isList || depth > base)) bytes[at] = space
    }
    return bytes
  }
}
