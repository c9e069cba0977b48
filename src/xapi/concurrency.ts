import { hash } from 'node:crypto'
import { RalphError } from '../errors.ts'

/** Lower-case hexadecimal SHA-1 of the content, without quotes (Communication §3.1). */
export const etagOf = (content: Uint8Array): string => hash('sha1', content, 'hex')

interface EntityTag {
  readonly opaque: string
  readonly weak: boolean
}

export type EntityTags = '*' | readonly EntityTag[]

/** What If-Match and If-None-Match ask for. Undefined: the header was not sent. */
export interface Preconditions {
  readonly ifMatch: EntityTags | undefined
  readonly ifNoneMatch: EntityTags | undefined
}

/** An entity-tag and its separator. Some clients leave out the quotes, so a tag without quotes is accepted. */
const element = /[ \t]*(?:(W\/)?(?:"([^"]*)"|([^\s",*/]+))[ \t]*)?(?:,|$)/y

const readEntityTags = (name: string, header: string | undefined): EntityTags | undefined => {
  if (header === undefined) return undefined
  if (header.trim() === '*') return '*'
  const tags: EntityTag[] = []
  element.lastIndex = 0
  while (element.lastIndex < header.length) {
    const match = element.exec(header)
    if (match === null) throw malformed(name, header)
    const opaque = match[2] ?? match[3]
    // A list may have empty elements (RFC 9110 §5.6.1).
    if (opaque !== undefined) tags.push({ opaque, weak: match[1] !== undefined })
  }
  if (tags.length === 0) throw malformed(name, header)
  return tags
}

const malformed = (name: string, header: string): RalphError =>
  new RalphError('INVALID_HEADER', `${name} must be * or a list of ETags, each in quotes.`, {
    header: name,
    received: header.slice(0, 200)
  })

/** Throws `INVALID_HEADER` for a header that is neither `*` nor a list of entity-tags. */
export const readPreconditions = (ifMatch: string | undefined, ifNoneMatch: string | undefined): Preconditions => ({
  ifMatch: readEntityTags('If-Match', ifMatch),
  ifNoneMatch: readEntityTags('If-None-Match', ifNoneMatch)
})

/**
 * Whether the client already has this representation, so that it need not be sent again (RFC 9110 §13.1.2). `etag` is in quotes, as it is
 * sent. Throws `INVALID_HEADER`.
 */
export const isKnownToReader = (ifNoneMatch: string | undefined, etag: string): boolean => {
  const tags = readEntityTags('If-None-Match', ifNoneMatch)
  return tags === '*' || tags?.some(({ opaque }) => `"${opaque}"` === etag) === true
}

const failed = (message: string, etag: string | undefined): RalphError =>
  new RalphError('PRECONDITION_FAILED', message, etag === undefined ? {} : { etag })

/**
 * Requires that the stored document is the one that the request is meant for (RFC 9110 §13.1). If-Match compares strongly: a weak tag never
 * matches. If-None-Match compares weakly. Throws `PRECONDITION_FAILED`, details: `etag` of the stored document.
 */
export const checkPreconditions = (
  { ifMatch, ifNoneMatch }: Preconditions,
  present: { readonly etag: string } | undefined
): void => {
  const etag = present?.etag
  if (ifMatch !== undefined) {
    const holds = ifMatch === '*' ? etag !== undefined : ifMatch.some((tag) => !tag.weak && tag.opaque === etag)
    if (!holds && etag === undefined) throw failed('If-Match: there is no such document.', etag)
    if (!holds) throw failed('If-Match: the document has changed.', etag)
  }
  if (ifNoneMatch !== undefined && etag !== undefined) {
    if (ifNoneMatch === '*') throw failed('If-None-Match: * was sent, but the document exists.', etag)
    if (ifNoneMatch.some((tag) => tag.opaque === etag)) throw failed('If-None-Match: the document has this ETag.', etag)
  }
}
