/** Characters of an IRI that no one would encode (RFC 3987 without those of which there may be too many). */
const plain = /^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]*(?:#[A-Za-z0-9\-._~:/?@!$&'()*+,;=]*)?$/

const percent = (character: string): string => encodeURIComponent(character.toWellFormed())

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is encoded.
const forbidden = /[\u0000-\u0020"<>[\]\\^`{|}\u007f-\u009f\ue000-\uf8ff\ufff0-\uffff]|[\ud800-\udfff]/gu

/**
 * An IRI, with what may not stand in one percent-encoded: blanks, brackets, braces, quotes, a second `#`, a `%` that
 * encodes nothing. An IRI that is one is left as it is.
 */
export const asIri = (text: string): string => {
  if (plain.test(text)) return text
  const encoded = text.replace(forbidden, percent).replace(/%(?![0-9A-Fa-f]{2})/g, '%25')
  const fragment = encoded.indexOf('#')
  return fragment < 0 ? encoded : encoded.slice(0, fragment + 1) + encoded.slice(fragment + 1).replaceAll('#', '%23')
}
