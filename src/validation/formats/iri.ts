/**
 * A scheme, a colon, and at least one character; none of those that RFC 3987 gives no place in an IRI: white space and
 * control characters of ASCII, C1 controls, and <>"{}|\^`. Data §2.2 asks for the scheme and allows best-effort
 * validation of the rest: percent-encoding and the grammar of hosts are not looked at, and names in any script pass.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const iri = /^[A-Za-z][A-Za-z0-9+.-]*:[^\u0000-\u0020"<>\\^`{|}\u007f-\u009f]+$/

export const isIri = (text: string): boolean => iri.test(text)

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const refused = /[\u0000-\u0020"<>\\^`{|}\u007f-\u009f]/u

const nameOf = (character: string): string => {
  if (character === ' ') return 'a space'
  if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(character)) return character
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/**
 * What should stand instead of a text that is not one: the first character that has no place in it, or that the scheme
 * is missing. `kind` is its name, and `unfit` finds a character that it cannot have.
 */
export const expectedWith = (kind: string, text: string, unfit: RegExp): string => {
  const found = unfit.exec(text)
  // The scheme has letters of ASCII only: what is wrong within it is that there is none.
  if (found === null || !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return `${kind} with a scheme`
  const [character] = found
  const place = [...text.slice(0, found.index)].length + 1
  const instead = character.isWellFormed() ? `: write ${encodeURIComponent(character)}` : ''
  return `${kind} with a scheme; character ${place} is ${nameOf(character)}, which is not allowed there${instead}`
}

export const expectedIri = (text: string): string => expectedWith('an IRI', text, refused)
