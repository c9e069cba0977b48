import { createHash } from 'node:crypto'
import type { StoredStatement } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { encodeCursor } from '../../xapi/cursor.ts'
import { identifierKeys } from '../../xapi/identifier.ts'
import type { Statement } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Call } from '../call.ts'
import type { Parameters } from '../parameters.ts'
import { attachmentsOf, type NamedAttachment } from './attachments.ts'
import { type ListRead, readQuery, type SingleRead } from './read-query.ts'
import { shapeStatements } from './shape.ts'

export interface StatementsAnswer {
  /** JSON text: a Statement, or a StatementResult. */
  readonly json: string
  /** The newest `stored` in it; absent for an empty list. */
  readonly lastModified?: Micros
  /** Of a single statement, quoted. */
  readonly etag?: string
  /** Contents of the attachments, where they were asked for; they are read while they are sent. */
  readonly attachments?: AsyncIterable<NamedAttachment>
}

export interface QuerySurroundings {
  readonly acceptLanguage: string | undefined
  /** Makes the link to the next page from its cursor. */
  readonly moreLink: (cursor: string) => string
}

/** GET /statements (C 2.1.3): one statement by its id, or a page of those that match. */
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
  if (found === undefined || !isBy(found, read.authority)) {
    throw new RalphError('NOT_FOUND', `There is no ${read.voided ? 'voided ' : ''}statement with this id.`, {
      statementId: read.id
    })
  }
  const [json = ''] = await shapeStatements(call, [found], read.format, acceptLanguage)
  const etag = `"${createHash('sha1').update(json).digest('hex')}"`
  return { json, etag, lastModified: found.stored, ...withAttachments(call, read.attachments, [found]) }
}

const readPage = async (
  call: Call,
  read: ListRead,
  { acceptLanguage, moreLink }: QuerySurroundings
): Promise<StatementsAnswer> => {
  const { statements, more } = await call.store.statements.query(read.query, call)
  const texts = await shapeStatements(call, statements, read.format, acceptLanguage)
  const last = statements.at(-1)
  const link =
    more && last !== undefined
      ? moreLink(encodeCursor({ parameters: read.parameters, position: { stored: last.stored, id: last.id } }))
      : ''
  const newest = read.query.ascending ? last : statements[0]
  return {
    json: `{"statements":[${texts.join(',')}],"more":${JSON.stringify(link)}}`,
    ...(newest === undefined ? {} : { lastModified: newest.stored }),
    ...withAttachments(call, read.attachments, statements)
  }
}

/** Permission is judged on the statement that is returned, never on one it refers to. */
const isBy = (found: StoredStatement, authority: string | undefined): boolean => {
  if (authority === undefined) return true
  const statement = JSON.parse(found.text) as Statement
  return statement.authority !== undefined && [...identifierKeys(statement.authority)].includes(authority)
}

const withAttachments = (
  call: Call,
  wanted: boolean,
  statements: readonly StoredStatement[]
): { readonly attachments?: AsyncIterable<NamedAttachment> } =>
  wanted ? { attachments: attachmentsOf(call, statements) } : {}
