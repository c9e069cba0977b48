/**
 * What does something to a terminal, or to how its text is read, instead of being seen: control characters of both
 * halves of Latin-1, marks and overrides of direction, separators of lines and paragraphs. A tab and a line feed stay.
 */
const harmful =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * For a terminal, or a log that somebody reads on one: what others have written may stand in it. Of JSON it is the same
 * value, because nothing of this stands outside of strings.
 */
export const printable = (text: string): string => text.replace(harmful, escaped)

/** The same, on one line. */
export const onOneLine = (text: string): string => printable(text).replace(/\n/g, '\\n')
