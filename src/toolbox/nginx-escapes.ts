/**
 * nginx writes a variable with `"`, `\` and every byte outside of printable ASCII as `\xHH` (`escape=default` of
 * `log_format`), so that a record in its access log is `{\x22name\x22:…}`, mostly in quotes and among other fields.
 */

const begin = /\{(?: |\\x09)*\\x22/

const quote = '"'

/** How much of a line is searched. */
const longestHead = 8192

const beginOf = (line: string): number => begin.exec(line.slice(0, longestHead))?.index ?? -1

/** What to say of a line that is not JSON; undefined: nginx did not escape it. */
export const escapedReason = (line: string): string | undefined =>
  beginOf(line) < 0
    ? undefined
    : 'holds a record escaped by nginx (\\x22): take the records out first, with ralph extract -p tracking'

/**
 * The record on such a line, as it was before nginx escaped it; undefined: nginx did not escape it. No JSON is taken for
 * such a line: it has no `\\x`.
 */
export const unescaped = (line: string): string | undefined => {
  const start = beginOf(line)
  if (start < 0) return undefined
  // Whatever quote is in the record is escaped: a bare one ends the field.
  const end = line.indexOf(quote, start)
  const text = line.slice(start, end < 0 ? undefined : end).trimEnd()
  // Nothing but ASCII is left bare, and escapes are of bytes.
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  const decoded = bytes.replace(/\\x([\dA-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16))
  )
  return Buffer.from(decoded, 'latin1').toString('utf8')
}
