import type { AttachmentContent } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { compareDigest } from '../../xapi/attachments.ts'
import { mediaType } from '../../xapi/media-type.ts'

/**
 * multipart/mixed (RFC 2046 §5.1), of a body that is complete in memory. The parsers on npm are made for form-data, or take any line that
 * begins with the boundary for a delimiter. Here an attachment may have any bytes, even such lines, so only a whole delimiter line counts.
 */
interface Part {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly content: Buffer
}

/** Headers that matter here. The others are not kept, because a part may have thousands of them. */
const meant = ['content-type', 'content-transfer-encoding', 'x-experience-api-hash'] as const

export interface MultipartLimits {
  /** The most parts. */
  readonly maxParts: number
  /** The most bytes of the head of one part. */
  readonly maxHeaderSize: number
}

/** Each `next` works for a millisecond or two. Other requests run in between. */
type Steps<Result> = Generator<void, Result>

const malformed = (message: string, details = {}): RalphError => new RalphError('INVALID_MULTIPART', message, details)

const beyond = (what: string, limit: number, setting: string): RalphError =>
  malformed(`${what} than the ${limit} of ${setting}.`, { limit, setting })

const cr = 0x0d
const lf = 0x0a
const dash = 0x2d
const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09

/** After a boundary: where the next part starts, or that it was the last. Undefined: it was not a delimiter line. */
const afterBoundary = (bytes: Buffer, at: number): { next: number; last: boolean } | undefined => {
  let next = at
  const last = bytes[next] === dash && bytes[next + 1] === dash
  if (last) next += 2
  // RFC 2046 does not limit this padding. In practice there is none.
  for (const end = next + 100; isBlank(bytes[next]) && next < end; ) next += 1
  if (bytes[next] === cr && bytes[next + 1] === lf) return { next: next + 2, last }
  return last && next === bytes.length ? { next, last } : undefined
}

const boundaryPattern = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i

/** Throws `INVALID_MULTIPART` if the content type has no valid boundary (RFC 2046: 1 to 70 characters). */
const boundaryOf = (contentType: string): string => {
  const match = boundaryPattern.exec(contentType)
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined || boundary.length > 70) {
    throw malformed('The Content-Type multipart/mixed needs a `boundary` of 1 to 70 characters.')
  }
  return boundary
}

const readPart = (bytes: Buffer, { maxHeaderSize }: MultipartLimits): Part => {
  // A part without headers starts with the empty line itself.
  const isBare = bytes[0] === cr && bytes[1] === lf
  const end = isBare ? 0 : bytes.subarray(0, maxHeaderSize + 4).indexOf('\r\n\r\n')
  if (end === -1) {
    throw bytes.length > maxHeaderSize
      ? beyond('A part has more bytes before its first empty line', maxHeaderSize, 'RALPH_RUNSERVER_MAX_HEADER_SIZE')
      : malformed('A part has no empty line after its headers.')
  }
  const headers = new Map<string, string>()
  if (end > 0) {
    for (const line of bytes.toString('latin1', 0, end).split(/\r\n(?![ \t])/)) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).trim().toLowerCase()
      if (colon < 1) throw malformed('A part has a header line without a colon.')
      if (headers.has(name)) throw malformed(`A part has the header ${name} twice.`)
      headers.set(name, line.slice(colon + 1).trim())
    }
  }
  const kept = new Map(meant.flatMap((name) => (headers.has(name) ? [[name, headers.get(name) ?? '']] : [])))
  return { headers: kept, content: bytes.subarray(end === 0 ? 2 : end + 4) }
}

/** Bytes that are searched, or positions that are found, in one step. */
const stride = 2 ** 22
const fewFound = 1000

/** The positions of the text in the bytes, starting at `from`. Undefined: nothing found yet. */
function* placesOf(bytes: Buffer, text: Buffer): Generator<number | undefined, void> {
  let found = 0
  for (let start = 0; start < bytes.length; start += stride) {
    // An occurrence that begins in this piece may end after it.
    const piece = bytes.subarray(start, start + stride + text.length - 1)
    for (let at = piece.indexOf(text); at !== -1; at = piece.indexOf(text, at + 1)) {
      yield start + at
      found += 1
      if (found % fewFound === 0) yield undefined
    }
    yield undefined
  }
}

/** The parts in their order. Preamble and epilogue are skipped. Throws `INVALID_MULTIPART`. */
export function* parseMultipart(body: Buffer, contentType: string, limits: MultipartLimits): Steps<readonly Part[]> {
  const delimiter = Buffer.from(`\r\n--${boundaryOf(contentType)}`, 'latin1')
  const parts: Part[] = []
  let start: number | undefined
  /** A delimiter line begins at `at`: the part before it is complete and is read. */
  const close = (at: number): void => {
    if (start !== undefined) parts.push(readPart(body.subarray(start, Math.max(start, at)), limits))
    if (parts.length > limits.maxParts) {
      throw beyond('The body has more parts', limits.maxParts, 'RALPH_RUNSERVER_MAX_PARTS_PER_REQUEST')
    }
  }
  // The first delimiter may be at the very beginning.
  if (body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))) {
    const first = afterBoundary(body, delimiter.length - 2)
    if (first?.last) throw malformed('The body has no parts.')
    start = first?.next
  }
  for (const at of placesOf(body, delimiter)) {
    if (at === undefined) {
      yield
      continue
    }
    const delimited = afterBoundary(body, at + delimiter.length)
    if (delimited === undefined) continue
    close(at)
    if (delimited.last) {
      if (start === undefined) throw malformed('The body has no parts.')
      return parts
    }
    start = delimited.next
    yield
  }
  throw malformed(start === undefined ? 'The body does not contain the boundary.' : 'The last part has no end.')
}

/** The statements and attachments of a multipart request (Communication §1.5.2). The bytes of each part are compared with its digest. */
export function* readStatementParts(
  body: Buffer,
  contentType: string,
  limits: MultipartLimits
): Steps<{ readonly json: Buffer; readonly attachments: readonly AttachmentContent[] }> {
  const [first, ...others] = yield* parseMultipart(body, contentType, limits)
  if (first === undefined || mediaType(first.headers.get('content-type') ?? '') !== 'application/json') {
    throw malformed('The first part must be the statements, of Content-Type application/json.')
  }
  const attachments: AttachmentContent[] = []
  for (const [index, { headers, content }] of others.entries()) {
    const sha2 = headers.get('x-experience-api-hash')?.toLowerCase()
    const where = `Part ${index + 2}`
    if (sha2 === undefined) throw malformed(`${where} has no X-Experience-API-Hash.`)
    if (headers.get('content-transfer-encoding')?.toLowerCase() !== 'binary') {
      throw malformed(`${where} must have Content-Transfer-Encoding: binary.`)
    }
    if (!(yield* compareDigest(sha2, content))) {
      const message = `The SHA-2 of ${where} differs from its X-Experience-API-Hash.`
      throw new RalphError('INVALID_ATTACHMENT', message, { sha2 })
    }
    attachments.push({ sha2, content })
    yield
  }
  return { json: first.content, attachments }
}
