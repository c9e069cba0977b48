import { isDuration } from './duration.ts'
import { expectedIri, isIri } from './iri.ts'
import { isLanguageTag } from './language-tag.ts'
import { isMbox } from './mbox.ts'
import { isMediaType } from './media-type.ts'
import { isSha1 } from './sha1.ts'
import { isSha2 } from './sha2.ts'
import { isTimestamp, isTimestampWithOffset } from './timestamp.ts'
import { expectedUri, isUri } from './uri.ts'
import { isUuid } from './uuid.ts'

export interface StringFormat {
  readonly test: (text: string) => boolean
  /** What a client should have sent. */
  readonly expected: string
  /** The same, with what is wrong in the text that was sent. */
  readonly expectedInsteadOf?: (text: string) => string
}

/** Every `format` in the schemas. schemas/README.md describes them for other languages. */
export const formats: { readonly [name: string]: StringFormat } = {
  'iso8601-duration': { test: isDuration, expected: 'an ISO 8601 duration, e.g. PT1H30M or P2W' },
  iri: { test: isIri, expected: 'an IRI with a scheme', expectedInsteadOf: expectedIri },
  'language-tag': { test: isLanguageTag, expected: 'a language tag (RFC 5646), e.g. en or pt-BR' },
  'mailto-iri': { test: isMbox, expected: '`mailto:` and an e-mail address' },
  'media-type': { test: isMediaType, expected: 'a media type, e.g. application/pdf' },
  sha1: { test: isSha1, expected: 'a SHA-1 of 40 hexadecimal digits' },
  sha2: { test: isSha2, expected: 'a SHA-2 of 56, 64, 96 or 128 hexadecimal digits' },
  timestamp: { test: isTimestamp, expected: 'a timestamp in ISO 8601, e.g. 2026-01-31T12:00:00Z' },
  'date-time': {
    test: isTimestampWithOffset,
    expected: 'a timestamp in RFC 3339 with an offset, e.g. 2026-01-31T12:00:00Z'
  },
  uri: { test: isUri, expected: 'a URI with a scheme', expectedInsteadOf: expectedUri },
  uuid: { test: isUuid, expected: 'a UUID' }
}
