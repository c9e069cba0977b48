import { endOfString, endOfValue } from '../../json/exact.ts'
import type { Connection, EsRequest } from './connect.ts'
import { asStoreError, refusalOf } from './errors.ts'
import { type Bytes, closeBrace, comma, openBrace } from './json-bytes.ts'

/** A document in its latest version, or the fact that it does not exist. A GET needs no refresh. */
export interface Got {
  readonly index: string
  readonly id: string
  readonly version: DocumentVersion | undefined
  /** The exact bytes that were indexed. Undefined: it does not exist. */
  readonly source: Buffer | undefined
}

/** Elasticsearch compares this to tell whether a document has changed. */
export interface DocumentVersion {
  readonly seqNo: number
  readonly term: number
}

export interface WantedDocument {
  readonly index: string
  readonly id: string
  /** The size of the source in bytes, if it is known. Then the end need not be searched. */
  readonly size?: number | undefined
}

/** Whether the source of a document may end here. It is the last member, and documents contain no white space. */
const endsHere = (text: Bytes, end: number): boolean =>
  text.charCodeAt(end - 1) === closeBrace &&
  (text.startsWith('},{"_index":"', end) || (text.startsWith('}]}', end) && end + 3 === text.length))

interface Header {
  readonly _index?: string
  readonly _id?: string
  readonly _seq_no?: number
  readonly _primary_term?: number
  readonly found?: boolean
  readonly error?: unknown
}

/** Reads the members of one element of `docs` except the source, and finds the place of the source. */
const readElement = (bytes: Buffer, text: Bytes, start: number, size: number | undefined) => {
  let at = start + 1
  let source: Buffer | undefined
  const members: string[] = []
  while (text.charCodeAt(at) !== closeBrace) {
    if (text.charCodeAt(at) === comma) at += 1
    const from = at
    const keyEnd = endOfString(text, at)
    at = text.indexOf(':', keyEnd) + 1
    if (text.startsWith('"_source"', from)) {
      const guess = size === undefined ? -1 : at + size
      const end = guess > 0 && endsHere(text, guess) ? guess : endOfValue(text, at)
      source = bytes.subarray(at, end)
      at = end
    } else {
      at = endOfValue(text, at)
      members.push(bytes.toString('utf8', from, at))
    }
  }
  // It contains what Elasticsearch says about a document, not the document.
  const header = JSON.parse(`{${members.join(',')}}`) as Header
  return { header, source, end: at + 1 }
}

const asGot = ({ _index = '', _id = '', _seq_no, _primary_term, error }: Header, source: Buffer | undefined): Got => {
  if (error !== undefined) {
    const refusal = refusalOf(503, error)
    // The index of a target is created when something is first written to it.
    if (refusal.type !== 'index_not_found_exception') {
      throw asStoreError(refusal) ?? new Error(`Elasticsearch: ${refusal.reason}`)
    }
  }
  const version =
    _seq_no === undefined || _primary_term === undefined ? undefined : { seqNo: _seq_no, term: _primary_term }
  return { index: _index, id: _id, version, source }
}

/** The answer to a multi get, in the order of the request. */
export const readMultiGet = (bytes: Buffer, wanted: readonly WantedDocument[]): Got[] => {
  const text = bytes.toString('latin1')
  const got: Got[] = []
  let at = text.indexOf('[') + 1
  while (text.charCodeAt(at) === openBrace) {
    const { header, source, end } = readElement(bytes, text, at, wanted[got.length]?.size)
    got.push(asGot(header, source))
    at = text.charCodeAt(end) === comma ? end + 1 : end
  }
  return got
}

/** Reads the latest versions of documents in one request. */
export const multiGet = async (
  connection: Connection,
  wanted: readonly WantedDocument[],
  signal?: AbortSignal
): Promise<Got[]> => {
  if (wanted.length === 0) return []
  const request: EsRequest = {
    method: 'POST',
    path: ['_mget'],
    body: { docs: wanted.map(({ index, id }) => ({ _index: index, _id: id })) },
    kind: 'read',
    signal
  }
  return readMultiGet(await connection.bytes(request), wanted)
}
