import { isUtf8 } from 'node:buffer'
import { RalphError } from '../errors.ts'
import { type ObjectScan, perMember, scanObject } from '../json/object-scan.ts'
import { mediaType } from './media-type.ts'
import type { Yielding } from './yielding.ts'

export interface DocumentLike {
  /** The bytes exactly as they were sent. */
  readonly content: Uint8Array
  readonly contentType: string
}

/** The bytes of a JSON object, and where its top-level members are in them. */
export interface ObjectDocument {
  readonly bytes: Buffer
  readonly places: ObjectScan['places']
}

export interface DocumentLimits {
  /** The most keys at the top level. */
  readonly maxDocumentKeys: number
}

const isJson = ({ contentType }: DocumentLike): boolean => mediaType(contentType) === 'application/json'

const refuse = (which: string, expected: string, cause?: unknown): RalphError =>
  new RalphError('INVALID_DOCUMENT', `The document ${which} ${expected}.`, {}, { cause })

const tooManyKeys = (limit: number): RalphError => {
  const setting = 'RALPH_RUNSERVER_MAX_DOCUMENT_KEYS'
  const message = `The document has more keys at its top level than the ${limit} of ${setting}.`
  return new RalphError('BODY_TOO_LARGE', message, { limit, setting })
}

/** Bytes that are scanned, and members that are joined, in one step. */
const stride = 2 ** 17
const fewMembers = 1000

const isSpace = (code: number | undefined): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

/** Where the object begins, after a byte order mark; -1 if there is no object. */
const beginningOf = (bytes: Uint8Array): number => {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (isSpace(bytes[at])) at += 1
  return bytes[at] === 0x7b ? at : -1
}

/**
 * The members of a document that is a JSON object. Throws `INVALID_DOCUMENT` for any other document, `BODY_TOO_LARGE` for too many members.
 */
function* readObject(document: DocumentLike, which: string, limits: DocumentLimits): Yielding<ObjectDocument> {
  const { buffer, byteOffset, byteLength } = document.content
  const bytes = Buffer.from(buffer, byteOffset, byteLength)
  if (!isUtf8(bytes)) throw refuse(which, 'must be a JSON object, but it is not valid UTF-8')
  const start = beginningOf(bytes)
  if (start === -1) throw refuse(which, 'must be a JSON object to be merged')
  const { step, places } = scanObject(bytes, start)
  try {
    while (!step(stride)) {
      if (places.length > limits.maxDocumentKeys * perMember) break
      yield
    }
  } catch (cause) {
    const why = cause instanceof SyntaxError ? `: ${cause.message}` : ''
    throw refuse(which, `must be a JSON object, but it is not valid JSON${why}`, cause)
  }
  if (places.length > limits.maxDocumentKeys * perMember) throw tooManyKeys(limits.maxDocumentKeys)
  return { bytes, places }
}

/**
 * A document sent by POST must be a JSON object if its type says JSON, even if there is nothing to merge it with (Communication §2.2).
 * Returns undefined for documents of other types, which are stored if none exists. Throws `INVALID_DOCUMENT`, `BODY_TOO_LARGE`.
 */
export function* readMergeable(document: DocumentLike, limits: DocumentLimits): Yielding<ObjectDocument | undefined> {
  return isJson(document) ? yield* readObject(document, 'sent', limits) : undefined
}

/** The position of a member in the bytes of its document. */
interface MemberPlace {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** A key is the same however it is escaped. */
const keyOf = (bytes: Buffer, start: number, end: number): string => {
  const text = bytes.toString('utf8', start, end)
  return text.includes('\\') ? JSON.parse(text) : text.slice(1, -1)
}

function* addMembers(merged: Map<string, MemberPlace>, { bytes, places }: ObjectDocument): Yielding<void> {
  for (let at = 0; at < places.length; at += perMember) {
    const [start = 0, keyEnd = 0, , end = 0] = places.slice(at, at + perMember)
    // If a key is repeated, the last one counts, as in `JSON.parse`.
    merged.set(keyOf(bytes, start, keyEnd), { bytes, start, end })
    if (at % (fewMembers * perMember) === 0) yield
  }
}

function* joined(members: Iterable<MemberPlace>): Yielding<Buffer> {
  let size = 1
  for (const { start, end } of members) size += end - start + 1
  const whole = Buffer.allocUnsafeSlow(Math.max(2, size))
  let length = whole.write('{')
  let count = 0
  for (const { bytes, start, end } of members) {
    if (count > 0) length += whole.write(',', length)
    for (let at = start; at < end; at += stride) {
      length += bytes.copy(whole, length, at, Math.min(end, at + stride))
      if (end - start > stride) yield
    }
    count += 1
    if (count % fewMembers === 0) yield
  }
  whole.write('}', length)
  return whole
}

/**
 * The document after a POST where one exists (Communication §2.2). Top-level properties of `next` replace those of `present`, and new ones
 * follow at the end. It works on the bytes and does not read values, so 1.0 and integers of any size stay as they were written. Throws
 * `INVALID_DOCUMENT` unless both are JSON objects of type application/json.
 */
export function* mergeDocuments(
  present: DocumentLike,
  next: DocumentLike & { readonly object?: ObjectDocument | undefined },
  limits: DocumentLimits
): Yielding<DocumentLike> {
  if (!isJson(present)) throw refuse('that exists', 'is not of type application/json and cannot be merged')
  if (!isJson(next)) throw refuse('sent', 'must be of type application/json to be merged with the existing one')
  const merged = new Map<string, MemberPlace>()
  yield* addMembers(merged, yield* readObject(present, 'that exists', limits))
  yield* addMembers(merged, next.object ?? (yield* readObject(next, 'sent', limits)))
  if (merged.size > limits.maxDocumentKeys) throw tooManyKeys(limits.maxDocumentKeys)
  return { content: yield* joined([...merged.values()]), contentType: next.contentType }
}
