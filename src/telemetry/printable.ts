/**
 * Characters that control a terminal, or the direction and lines of a text, instead of being visible: control characters of both halves of
 * Latin-1, marks and overrides of direction, separators of lines and paragraphs. Tab and line feed are not among them.
 */
const harmful =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are replaced.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * Makes text safe for a terminal, or for a log that is shown on one, because other people may have written it. JSON keeps its value,
 * because these characters can only be in strings.
 */
export const printable = (text: string): string => text.replace(harmful, escaped)

/** The same, on one line. */
export const onOneLine = (text: string): string => printable(text).replace(/\n/g, '\\n')
