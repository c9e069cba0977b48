/**
 * A scheme, a colon, and at least one character; none of those that RFC 3987 gives no place in an IRI: white space and
 * control characters of ASCII, C1 controls, and <>"{}|\^`. Data §2.2 asks for the scheme and allows best-effort
 * validation of the rest: percent-encoding and the grammar of hosts are not looked at, and names in any script pass.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const iri = /^[A-Za-z][A-Za-z0-9+.-]*:[^\u0000-\u0020"<>\\^`{|}\u007f-\u009f]+$/

export const isIri = (text: string): boolean => iri.test(text)
