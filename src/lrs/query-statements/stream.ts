import type { StoredStatement } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { encodeCursor } from '../../xapi/cursor.ts'
import type { Position, StatementQuery } from '../../xapi/filters.ts'
import { encodePosition } from '../../xapi/position.ts'
import type { Statement } from '../../xapi/statement.ts'
import { everyTerm, termsOfQuery } from '../../xapi/terms.ts'
import { isWithinBound } from '../bound.ts'
import type { Call } from '../call.ts'
import type { Parameters } from '../parameters.ts'
import { findStatements } from './found-statements.ts'
import { queryStatements } from './index.ts'
import { type ListRead, readQuery } from './read-query.ts'
import { shapeAs } from './shaped-page.ts'

export interface StreamedPage {
  /** The JSON texts of statements. */
  readonly texts: readonly string[]
  /** Where another stream can continue after these statements. Empty: nothing follows. */
  readonly position: string
  /** Of a stream that follows: where another one can continue after each of the statements. */
  readonly positions?: readonly string[]
}

export interface StreamOptions {
  /** The most statements of the whole stream. Undefined: no limit. */
  readonly limit: number | undefined
  readonly acceptLanguage: string | undefined
}

/** Statements in one query to the store. It returns fewer if they are long. */
const pageSize = 500

const shaped = async (
  call: Call,
  { format }: ListRead,
  acceptLanguage: string | undefined,
  found: readonly StoredStatement[]
): Promise<readonly string[]> => {
  if (format === 'exact') return found.map(({ text }) => text)
  const texts: string[] = []
  for await (const { text } of shapeAs(call, format, acceptLanguage)(found)) texts.push(text)
  return texts
}

const positionOf = ({ stored, id }: StoredStatement): Position => ({ stored, id })

/**
 * All statements of GET /statements, one page after the other, or the one that is asked for by its id. A page is read after the previous
 * one was taken.
 */
export async function* streamStatements(
  call: Call,
  parameters: Parameters,
  { limit, acceptLanguage }: StreamOptions
): AsyncGenerator<StreamedPage> {
  const read = readQuery(parameters, call)
  if (read.kind === 'single') {
    const { json } = await queryStatements(call, parameters, { acceptLanguage, moreLink: (cursor) => cursor })
    if (!Buffer.isBuffer(json)) throw new RalphError('INTERNAL', 'A single statement was answered as a page.')
    yield { texts: [json.toString('utf8')], position: '' }
    return
  }
  let left = limit ?? Number.POSITIVE_INFINITY
  let { after } = read.query
  for (;;) {
    const wanted = Math.min(left, pageSize)
    let given = 0
    for await (const page of findStatements(call, { ...read.query, limit: wanted, ...(after && { after }) })) {
      const statements = page.statements.slice(0, left)
      const last = statements.at(-1)
      if (last === undefined) continue
      after = positionOf(last)
      given += statements.length
      left -= statements.length
      const follows = page.more || statements.length < page.statements.length
      const position = follows ? encodeCursor({ parameters: read.parameters, position: after }) : ''
      yield { texts: await shaped(call, read, acceptLanguage, statements), position }
      if (!follows || left <= 0) return
    }
    // The store has no more statements.
    if (given < wanted) return
  }
}

/** Whether a statement matches by itself. References do not count. */
const matches = ({ stored, text }: StoredStatement, query: StatementQuery): boolean => {
  if (query.since !== undefined && stored <= query.since) return false
  if (query.until !== undefined && stored > query.until) return false
  const wanted = termsOfQuery(query)
  if (wanted.length === 0) return true
  // The store contains only validated statements.
  const statement = JSON.parse(text) as Statement
  const terms = everyTerm(statement)
  return wanted.every((term) => terms.has(term))
}

export interface FollowingOptions extends StreamOptions {
  /** `position` of the last page that was taken. Undefined: start at the first statement. */
  readonly position: string | undefined
  /** Ends the stream without an error. */
  readonly stop: AbortSignal
}

/** The query of a stream. Throws `INVALID_PARAMETER` for parameters that only a list may have. */
export const readFollowed = (parameters: Parameters, call: Call): ListRead => {
  const read = readQuery(parameters, call)
  if (read.kind === 'single' || parameters.get('ascending') === 'false') {
    const parameter = read.kind === 'single' ? 'statementId' : 'ascending'
    throw new RalphError('INVALID_PARAMETER', 'To follow, ask for a list of statements, oldest first.', { parameter })
  }
  return read
}

/**
 * The statements that match, oldest first, voided ones too, and then those that arrive while the stream is open. Filters apply to each
 * statement itself. A page may be empty; its position is still worth keeping.
 */
export async function* followStatements(
  call: Call,
  parameters: Parameters,
  { limit, acceptLanguage, position: after, stop }: FollowingOptions
): AsyncGenerator<StreamedPage> {
  const read = readFollowed(parameters, call)
  let left = limit ?? Number.POSITIVE_INFINITY
  const signal = AbortSignal.any([call.signal, stop])
  for await (const { statements, position } of call.store.statements.follow(after, { signal })) {
    const found = statements.filter((each) => matches(each, read.query) && isWithinBound(call, each.text))
    const taken = found.slice(0, left)
    left -= taken.length
    const isCut = taken.length < found.length
    const texts = await shaped(call, read, acceptLanguage, taken)
    yield { texts, position: isCut ? '' : position, positions: taken.map((each) => encodePosition(positionOf(each))) }
    if (left <= 0) return
  }
}
