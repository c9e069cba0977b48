import { isUtf8 } from 'node:buffer'
import { RalphError } from '../errors.ts'
import { type ObjectScan, perMember, scanObject } from '../json/object-scan.ts'
import { mediaType } from './media-type.ts'
import type { Yielding } from './yielding.ts'

export interface DocumentLike {
  /** Kept byte for byte. */
  readonly content: Uint8Array
  readonly contentType: string
}

/** A JSON object: its bytes, and where its top-level members stand in them. */
export interface ObjectDocument {
  readonly bytes: Buffer
  readonly places: ObjectScan['places']
}

export interface DocumentLimits {
  /** Most top-level keys. */
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

/** Bytes that are looked at, and members that are joined, in one go. */
const stride = 2 ** 17
const fewMembers = 1000

const isSpace = (code: number | undefined): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

/** Where the object begins, behind a byte order mark; -1: it is none. */
const beginningOf = (bytes: Uint8Array): number => {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (isSpace(bytes[at])) at += 1
  return bytes[at] === 0x7b ? at : -1
}

/** The members of a document that is a JSON object; `INVALID_DOCUMENT` for any other, `BODY_TOO_LARGE` for too many. */
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
    throw refuse(which, `must be a JSON object, but it is not JSON${why}`, cause)
  }
  if (places.length > limits.maxDocumentKeys * perMember) throw tooManyKeys(limits.maxDocumentKeys)
  return { bytes, places }
}

/**
 * What a POST brings must be a JSON object if it says that it is JSON, whether or not there is something to merge it
 * with (Communication §2.2). Documents of other types are stored where there is none: undefined. `INVALID_DOCUMENT`,
 * `BODY_TOO_LARGE`.
 */
export function* readMergeable(document: DocumentLike, limits: DocumentLimits): Yielding<ObjectDocument | undefined> {
  return isJson(document) ? yield* readObject(document, 'sent', limits) : undefined
}

/** Where a member stands in the bytes of its document. */
interface MemberPlace {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** Keys are the same however they are escaped. */
const keyOf = (bytes: Buffer, start: number, end: number): string => {
  const text = bytes.toString('utf8', start, end)
  return text.includes('\\') ? JSON.parse(text) : text.slice(1, -1)
}

function* addMembers(merged: Map<string, MemberPlace>, { bytes, places }: ObjectDocument): Yielding<void> {
  for (let at = 0; at < places.length; at += perMember) {
    const [start = 0, keyEnd = 0, , end = 0] = places.slice(at, at + perMember)
    // Of a key that a text repeats the last one counts, as for `JSON.parse`.
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
 * The document that a POST leaves where there is one (Communication §2.2): top-level properties of `next` replace those
 * of `present` or come behind them. Works on the bytes, so that every value stays as it was written, 1.0 and integers of
 * any size, and is not even read. `INVALID_DOCUMENT` unless both are JSON objects of type application/json.
 */
export function* mergeDocuments(
  present: DocumentLike,
  next: DocumentLike & { readonly object?: ObjectDocument | undefined },
  limits: DocumentLimits
): Yielding<DocumentLike> {
  if (!isJson(present)) throw refuse('that is there', 'is not of type application/json and cannot be merged')
  if (!isJson(next)) throw refuse('sent', 'must be of type application/json to be merged with the one that is there')
  const merged = new Map<string, MemberPlace>()
  yield* addMembers(merged, yield* readObject(present, 'that is there', limits))
  yield* addMembers(merged, next.object ?? (yield* readObject(next, 'sent', limits)))
  if (merged.size > limits.maxDocumentKeys) throw tooManyKeys(limits.maxDocumentKeys)
  return { content: yield* joined([...merged.values()]), contentType: next.contentType }
}
