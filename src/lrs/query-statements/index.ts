import type { PageFrame, StoredStatement, TextPage } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { etagOf } from '../../xapi/concurrency.ts'
import { encodeCursor } from '../../xapi/cursor.ts'
import { maxPageSize } from '../../xapi/filters.ts'
import { textPageOf } from '../../xapi/text-page.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Call } from '../call.ts'
import type { Parameters } from '../parameters.ts'
import { readsOnly } from '../restriction.ts'
import { attachmentsOf, type NamedAttachment } from './attachments.ts'
import { takePage } from './found-statements.ts'
import { isBy, looksThroughReferences } from './judge-references.ts'
import { type ListRead, readQuery, type SingleRead } from './read-query.ts'
import { shapeStatements } from './shape.ts'

export interface StatementsAnswer {
  /** JSON text, UTF-8: a Statement, or a StatementResult. */
  readonly json: Buffer
  /** The newest `stored` in it; absent for an empty list. */
  readonly lastModified?: Micros
  /** Quoted. */
  readonly etag: string
  /** Whether Accept-Language decided what is in it. */
  readonly isInLanguage: boolean
  /** Contents of the attachments, where they were asked for; they are read while they are sent. */
  readonly attachments?: AsyncIterable<NamedAttachment>
}

export interface QuerySurroundings {
  readonly acceptLanguage: string | undefined
  /** Makes the link to the next page from its cursor. */
  readonly moreLink: (cursor: string) => string
}

/** GET /statements (Communication §2.1.3): one statement by its id, or a page of those that match. */
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
  // Permission is judged on the statement that is returned, never on one it refers to.
  if (found === undefined || (read.authority !== undefined && !isBy(JSON.parse(found.text), read.authority))) {
    throw new RalphError('NOT_FOUND', `There is no ${read.voided ? 'voided ' : ''}statement with this id.`, {
      statementId: read.id
    })
  }
  const [shaped = found] = await shapeStatements(call, [found], read.format, acceptLanguage)
  return {
    ...answerOf({ json: Buffer.from(shaped.text), newest: found.stored }, read),
    ...withAttachments(call, read.attachments, [found])
  }
}

const readPage = async (
  call: Call,
  read: ListRead,
  { acceptLanguage, moreLink }: QuerySurroundings
): Promise<StatementsAnswer> => {
  /** A StatementResult (Data §2.5); the texts in it are copied, never printed anew. */
  const result: PageFrame = {
    before: '{"statements":[',
    after: (end) => {
      const more = end && moreLink(encodeCursor({ parameters: read.parameters, position: end }))
      return `],"more":${JSON.stringify(more ?? '')}}`
    }
  }
  const authority = readsOnly(call)
  const isJudged = authority !== undefined && looksThroughReferences(read.query)
  if (read.format === 'exact' && !read.attachments && !isJudged) {
    return answerOf(await call.store.statements.queryText(read.query, result, call), read)
  }
  let size = 0
  const { statements, more } = await takePage(call, read.query, (text) => {
    size += Buffer.byteLength(text)
    return size <= maxPageSize
  })
  const shaped = await shapeStatements(call, statements, read.format, acceptLanguage)
  return {
    ...answerOf(textPageOf({ statements: shaped, more }, result), read),
    ...withAttachments(call, read.attachments, statements)
  }
}

/** Of bytes that a store hands out: it may hand out the same ones again, and nobody changes them. */
const etags = new WeakMap<Uint8Array, string>()

const quotedEtagOf = (bytes: Uint8Array): string => {
  const known = etags.get(bytes)
  if (known !== undefined) return known
  const etag = `"${etagOf(bytes)}"`
  etags.set(bytes, etag)
  return etag
}

const answerOf = (
  { json: bytes, newest }: Pick<TextPage, 'json' | 'newest'>,
  { format }: SingleRead | ListRead
): StatementsAnswer => {
  const json = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    json,
    etag: quotedEtagOf(bytes),
    isInLanguage: format === 'canonical',
    ...(newest === undefined ? {} : { lastModified: newest })
  }
}

const withAttachments = (
  call: Call,
  wanted: boolean,
  statements: readonly StoredStatement[]
): { readonly attachments?: AsyncIterable<NamedAttachment> } =>
  wanted ? { attachments: attachmentsOf(call, statements) } : {}
