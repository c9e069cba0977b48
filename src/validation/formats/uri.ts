import { expectedWith } from './iri.ts'

/** An IRI with only ASCII characters (RFC 3986) and a scheme. It is checked as far as in `isIri`. */
const uri = /^[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-[\]_a-z~]+$/

export const isUri = (text: string): boolean => uri.test(text)

export const expectedUri = (text: string): string => expectedWith('a URI', text, /[^!#-;=?-[\]_a-z~]/u)
