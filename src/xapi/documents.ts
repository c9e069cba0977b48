import { RalphError } from '../errors.ts'
import { decodeUtf8, members, parseJson } from './json-text.ts'
import { mediaType } from './media-type.ts'

export interface DocumentLike {
  /** Kept byte for byte. */
  readonly content: Uint8Array
  readonly contentType: string
}

const isJson = ({ contentType }: DocumentLike): boolean => mediaType(contentType) === 'application/json'

const refuse = (which: string, expected: string, cause?: unknown): RalphError =>
  new RalphError('INVALID_DOCUMENT', `The document ${which} ${expected}.`, {}, { cause })

/** The text of a document that is a JSON object; `INVALID_DOCUMENT` for any other. */
const objectText = (document: DocumentLike, which: string): string => {
  let value: unknown
  let text: string
  try {
    text = decodeUtf8(document.content)
    value = parseJson(text)
  } catch (cause) {
    throw refuse(which, 'must be a JSON object, but it is not JSON', cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(which, 'must be a JSON object to be merged')
  }
  return text
}

/**
 * What a POST brings must be a JSON object if it says that it is JSON, whether or not there is something to merge it
 * with (Communication §2.2). Documents of other types are stored where there is none. `INVALID_DOCUMENT`.
 */
export const requireMergeable = (document: DocumentLike): void => {
  if (isJson(document)) objectText(document, 'sent')
}

/**
 * The document that a POST leaves where there is one (Communication §2.2): top-level properties of `next` replace those
 * of `present` or come behind them. Works on the text, so that every value stays as it was written: 1.0, integers of
 * any size. `INVALID_DOCUMENT` unless both are JSON objects of type application/json.
 */
export const mergeDocuments = (present: DocumentLike, next: DocumentLike): DocumentLike => {
  if (!isJson(present)) throw refuse('that is there', 'is not of type application/json and cannot be merged')
  if (!isJson(next)) throw refuse('sent', 'must be of type application/json to be merged with the one that is there')
  const merged = new Map<string, string>()
  for (const text of [objectText(present, 'that is there'), objectText(next, 'sent')]) {
    // Of a key that a text repeats the last one counts, as for `JSON.parse`.
    for (const { key, start, end } of members(text)) merged.set(key, text.slice(start, end))
  }
  return { content: Buffer.from(`{${[...merged.values()].join(',')}}`), contentType: next.contentType }
}
