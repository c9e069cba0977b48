/**
 * A scheme, a colon, and at least one character. RFC 3987 excludes some characters from an IRI: white space and control characters of
 * ASCII, C1 controls, and <>"{}|\^`. Data §2.2 asks for the scheme and allows best-effort validation of the rest. So percent-encoding and
 * the grammar of hosts are not checked, and names in any script are accepted.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are refused.
const iri = /^[A-Za-z][A-Za-z0-9+.-]*:[^\u0000-\u0020"<>\\^`{|}\u007f-\u009f]+$/

export const isIri = (text: string): boolean => iri.test(text)

// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are refused.
const refused = /[\u0000-\u0020"<>\\^`{|}\u007f-\u009f]/u

const nameOf = (character: string): string => {
  if (character === ' ') return 'a space'
  if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(character)) return character
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/**
 * The message for a text that is not one: the first character that is not allowed, or the missing scheme. `kind` is its name. `unfit` finds
 * a character that is not allowed.
 */
export const expectedWith = (kind: string, text: string, unfit: RegExp): string => {
  const found = unfit.exec(text)
  // A scheme has only ASCII letters, so an error within it means that there is no scheme.
  if (found === null || !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return `${kind} with a scheme`
  const [character] = found
  const place = [...text.slice(0, found.index)].length + 1
  const instead = character.isWellFormed() ? `: write ${encodeURIComponent(character)}` : ''
  return `${kind} with a scheme; character ${place} is ${nameOf(character)}, which is not allowed there${instead}`
}

export const expectedIri = (text: string): string => expectedWith('an IRI', text, refused)
