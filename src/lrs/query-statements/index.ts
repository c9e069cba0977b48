import type { PageFrame, StoredStatement } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { etagOf } from '../../xapi/concurrency.ts'
import { encodeCursor } from '../../xapi/cursor.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { isWithinBound } from '../bound.ts'
import type { Call } from '../call.ts'
import type { Parameters } from '../parameters.ts'
import { readsOnly } from '../restriction.ts'
import { attachmentsOf, type NamedAttachment, type Naming, namingsIn } from './attachments.ts'
import { type ExactPage, type LongText, readExactPage } from './exact-page.ts'
import { type ListRead, readQuery, type SingleRead } from './read-query.ts'
import { isBy, looksThroughReferences } from './reference-filter.ts'
import { readShapedPage, shapeAs } from './shaped-page.ts'

export interface StatementsAnswer {
  /** JSON text, UTF-8: a Statement, or a StatementResult. */
  readonly json: Buffer | LongText
  /** The newest `stored` in it. Missing for an empty list. */
  readonly lastModified?: Micros
  /** With quotes. */
  readonly etag: string
  /** Whether the answer depends on Accept-Language. */
  readonly isInLanguage: boolean
  /** The attachments, if the request asked for them. */
  readonly attachments?: AnsweredAttachments
}

export interface AnsweredAttachments {
  /** Read from the store while they are sent. */
  readonly parts: AsyncIterable<NamedAttachment>
  /** The bytes of them that are in memory at once. */
  readonly holds: number
}

export interface QuerySurroundings {
  readonly acceptLanguage: string | undefined
  /** Makes the link to the next page from its cursor. */
  readonly moreLink: (cursor: string) => string
}

/** GET /statements (Communication §2.1.3): one statement by its id, or a page of statements that match. */
export const queryStatements = async (
  call: Call,
  parameters: Parameters,
  surroundings: QuerySurroundings
): Promise<StatementsAnswer> => {
  const read = readQuery(parameters, call)
  return read.kind === 'single' ? readOne(call, read, surroundings) : readPage(call, read, surroundings)
}

const readOne = async (
  call: Call,
  read: SingleRead,
  { acceptLanguage }: QuerySurroundings
): Promise<StatementsAnswer> => {
  const found = await call.store.statements.find(read.id, { voided: read.voided }, call)
  // Permission depends on the returned statement, never on one that it refers to.
  const isHidden =
    found !== undefined &&
    ((read.authority !== undefined && !isBy(JSON.parse(found.text), read.authority)) ||
      !isWithinBound(call, found.text))
  if (found === undefined || isHidden) {
    throw new RalphError('NOT_FOUND', `There is no ${read.voided ? 'voided ' : ''}statement with this id.`, {
      statementId: read.id
    })
  }
  const single = oneOf(shapeOf(call, read, acceptLanguage), found)
  const json = Buffer.from((await single).text)
  return {
    ...answerOf({ json, digest: etagOf(json), newest: found.stored }, read),
    ...withAttachments(call, read.attachments, namingsIn(found))
  }
}

type Shape = ReturnType<typeof shapeAs>

/** Undefined: statements are returned as they were sent. */
const shapeOf = (
  call: Call,
  { format }: SingleRead | ListRead,
  acceptLanguage: string | undefined
): Shape | undefined => (format === 'exact' ? undefined : shapeAs(call, format, acceptLanguage))

const oneOf = async (shape: Shape | undefined, found: StoredStatement): Promise<StoredStatement> => {
  if (shape !== undefined) for await (const shaped of shape([found])) return shaped
  return found
}

const readPage = async (
  call: Call,
  read: ListRead,
  { acceptLanguage, moreLink }: QuerySurroundings
): Promise<StatementsAnswer> => {
  const { query, attachments } = read
  /** A StatementResult (Data §2.5). The texts in it are copied, never printed again. */
  const result: PageFrame = {
    before: '{"statements":[',
    after: (end) => {
      const more = end && moreLink(encodeCursor({ parameters: read.parameters, position: end }))
      return `],"more":${JSON.stringify(more ?? '')}}`
    }
  }
  const shape = shapeOf(call, read, acceptLanguage)
  const isJudged =
    call.principal.bound !== undefined || (readsOnly(call) !== undefined && looksThroughReferences(query))
  if (shape === undefined && !attachments && !isJudged) {
    const page = await call.store.statements.queryText(query, result, call)
    // A page that ended because of its size, not because of the limit, continues.
    if (page.end === undefined || page.count >= query.limit)
      return answerOf({ ...page, ...taggedBytes(page.json) }, read)
  }
  const namings: Naming[] = []
  const look = (statement: StoredStatement): void => {
    if (attachments) namings.push(...namingsIn(statement))
  }
  if (shape === undefined) {
    const page = await readExactPage(call, query, result, look)
    return { ...answerOf(page, read), ...withAttachments(call, attachments, namings) }
  }
  const { json, newest } = await readShapedPage(call, query, result, shape, look)
  return { ...answerOf({ newest, ...taggedBytes(json) }, read), ...withAttachments(call, attachments, namings) }
}

/** Digests of the bytes of a store. A store may return the same bytes again, and they never change. */
const digests = new WeakMap<Uint8Array, string>()

const taggedBytes = (bytes: Uint8Array): Pick<ExactPage, 'digest'> & { readonly json: Buffer } => {
  const digest = digests.get(bytes) ?? etagOf(bytes)
  digests.set(bytes, digest)
  return { json: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), digest }
}

const answerOf = ({ json, digest, newest }: ExactPage, { format }: SingleRead | ListRead): StatementsAnswer => ({
  json,
  etag: `"${digest}"`,
  isInLanguage: format === 'canonical',
  ...(newest === undefined ? {} : { lastModified: newest })
})

/** Stores read small attachments together, up to about this many bytes. */
const readTogether = 2 ** 23

const withAttachments = (
  call: Call,
  wanted: boolean,
  namings: readonly Naming[]
): { readonly attachments?: AnsweredAttachments } => {
  if (!wanted) return {}
  const lengths = [...new Map(namings.map(({ sha2, length }) => [sha2, length])).values()]
  const [all, largest] = lengths.reduce(([sum, most], each) => [sum + each, Math.max(most, each)], [0, 0])
  return {
    attachments: { parts: attachmentsOf(call, namings), holds: Math.min(all, Math.max(largest, readTogether)) }
  }
}
