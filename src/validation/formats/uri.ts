import { expectedWith } from './iri.ts'

/** An IRI of ASCII characters only (RFC 3986), with a scheme; as far as `isIri` looks. */
const uri = /^[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-[\]_a-z~]+$/

export const isUri = (text: string): boolean => uri.test(text)

export const expectedUri = (text: string): string => expectedWith('a URI', text, /[^!#-;=?-[\]_a-z~]/u)
