import { randomUUID } from 'node:crypto'
import type { AttachmentContent } from '../contracts/statement-store.ts'
import { RalphError } from '../errors.ts'
import type { NamedAttachment } from '../lrs/query-statements/attachments.ts'
import { digestMatches } from '../xapi/attachments.ts'
import { mediaType } from '../xapi/media-type.ts'

/**
 * multipart/mixed as of RFC 2046 §5.1, on bytes that are all there. The parsers on npm are made for form-data, or take
 * a line that merely begins with the boundary for a boundary; here attachments are bytes of any value, such lines
 * included, so only a whole delimiter line counts.
 */
interface Part {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly content: Buffer
}

const malformed = (message: string): RalphError => new RalphError('INVALID_MULTIPART', message)

const cr = 0x0d
const lf = 0x0a
const dash = 0x2d
const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09

/** Behind a boundary: where the next part starts, or that it was the last; undefined: it was no delimiter line. */
const afterBoundary = (bytes: Buffer, at: number): { next: number; last: boolean } | undefined => {
  let next = at
  const last = bytes[next] === dash && bytes[next + 1] === dash
  if (last) next += 2
  while (isBlank(bytes[next])) next += 1
  if (bytes[next] === cr && bytes[next + 1] === lf) return { next: next + 2, last }
  return last && next === bytes.length ? { next, last } : undefined
}

const boundaryPattern = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i

/** `INVALID_MULTIPART` where the content type names no boundary (RFC 2046: 1 to 70 characters). */
const boundaryOf = (contentType: string): string => {
  const match = boundaryPattern.exec(contentType)
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined || boundary.length > 70) {
    throw malformed('The Content-Type multipart/mixed needs a `boundary` of 1 to 70 characters.')
  }
  return boundary
}

const mostParts = 10_000
const mostHeaderBytes = 16_384

const readPart = (bytes: Buffer): Part => {
  // A part without headers starts with the empty line itself.
  const end = bytes[0] === cr && bytes[1] === lf ? 0 : bytes.indexOf('\r\n\r\n')
  if (end === -1 || end > mostHeaderBytes) throw malformed('A part has no empty line behind its headers.')
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
  return { headers, content: bytes.subarray(end === 0 ? 2 : end + 4) }
}

/** The parts in their order; preamble and epilogue are passed over. `INVALID_MULTIPART`. */
export const parseMultipart = (body: Buffer, contentType: string): readonly Part[] => {
  const delimiter = Buffer.from(`--${boundaryOf(contentType)}`, 'latin1')
  const parts: Part[] = []
  let start: number | undefined
  let from = 0
  for (;;) {
    const at = body.indexOf(delimiter, from)
    if (at === -1)
      throw malformed(start === undefined ? 'The body has no boundary in it.' : 'The last part has no end.')
    from = at + delimiter.length
    const atLineStart = at === 0 || (body[at - 2] === cr && body[at - 1] === lf)
    const delimited = atLineStart ? afterBoundary(body, from) : undefined
    if (delimited === undefined) continue
    if (start !== undefined) parts.push(readPart(body.subarray(start, Math.max(start, at - 2))))
    if (parts.length > mostParts) throw malformed(`The body has more than ${mostParts} parts.`)
    if (delimited.last) {
      if (start === undefined) throw malformed('The body has no parts.')
      return parts
    }
    start = delimited.next
    // The line feed behind this delimiter may be the one in front of the next.
    from = start - 2
  }
}

/**
 * Statements and attachments of a multipart request (Communication §1.5.2), each part's bytes compared with its digest.
 */
export const readStatementParts = (
  body: Buffer,
  contentType: string
): { readonly json: Buffer; readonly attachments: readonly AttachmentContent[] } => {
  const [first, ...others] = parseMultipart(body, contentType)
  if (first === undefined || mediaType(first.headers.get('content-type') ?? '') !== 'application/json') {
    throw malformed('The first part must be the statements, of Content-Type application/json.')
  }
  const attachments = others.map(({ headers, content }, index) => {
    const sha2 = headers.get('x-experience-api-hash')?.toLowerCase()
    const where = `Part ${index + 2}`
    if (sha2 === undefined) throw malformed(`${where} has no X-Experience-API-Hash.`)
    if (headers.get('content-transfer-encoding')?.toLowerCase() !== 'binary') {
      throw malformed(`${where} must have Content-Transfer-Encoding: binary.`)
    }
    if (!digestMatches(sha2, content)) {
      throw new RalphError(
        'INVALID_ATTACHMENT',
        `${where} does not have the SHA-2 that its X-Experience-API-Hash says.`,
        {
          sha2
        }
      )
    }
    return { sha2, content }
  })
  return { json: first.content, attachments }
}

/** A store may hold what others wrote to it: no text of a statement may end a header. */
const onOneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ')

/** A multipart answer; attachments are read from the store as they are sent. */
export const multipartReply = (
  json: Buffer,
  attachments: AsyncIterable<NamedAttachment>
): { readonly contentType: string; readonly body: AsyncIterable<Buffer> } => {
  const boundary = `ralph-${randomUUID()}`
  async function* body(): AsyncGenerator<Buffer> {
    yield Buffer.from(`--${boundary}\r\nContent-Type: application/json; charset=utf-8\r\n\r\n${json}\r\n`)
    for await (const { sha2, content, contentType } of attachments) {
      yield Buffer.from(
        `--${boundary}\r\nContent-Type: ${onOneLine(contentType)}\r\nContent-Transfer-Encoding: binary\r\n` +
          `X-Experience-API-Hash: ${sha2}\r\n\r\n`
      )
      yield Buffer.from(content.buffer, content.byteOffset, content.byteLength)
      yield Buffer.from('\r\n')
    }
    yield Buffer.from(`--${boundary}--\r\n`)
  }
  return { contentType: `multipart/mixed; boundary=${boundary}`, body: body() }
}
