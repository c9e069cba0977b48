import type { Filter } from 'mongodb'
import type { CallOptions, StatementPage, StoredStatement } from '../../contracts/statement-store.ts'
import { type Token, tokenOf } from '../../rounds/tokens.ts'
import { maxPageSize, type Position, type StatementQuery } from '../../xapi/filters.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { createLeadingToken } from './leading-token.ts'
import { indexNames } from './schema.ts'
import type { StatementText } from './shapes.ts'
import type { Snapshots } from './snapshots.ts'
import { readProjection, readStored, sizeOf } from './statement-document.ts'

export interface Queries {
  query(query: StatementQuery, options?: CallOptions): Promise<StatementPage>
  find(
    id: StatementId,
    wanted: { readonly voided: boolean },
    options?: CallOptions
  ): Promise<StoredStatement | undefined>
  /** Every statement, voided or not, oldest first. */
  all(after: Position | undefined, limit: number, options?: CallOptions): Promise<StatementPage>
}

type Condition = Filter<object>

/** Voided by a round that is committed, or not. */
const isVoided = (last: Micros): Condition => ({ 'ralph.voided': { $lte: last } })
const isValid = (last: Micros): Condition => ({ 'ralph.voided': { $not: { $lte: last } } })

/** The statements between two times, as one range of an index: the last bound of all counts. */
const within = ({ since, until, after, ascending }: StatementQuery, last: Micros): Condition => {
  const upper = Math.min(until ?? last, last, after !== undefined && !ascending ? after.stored : last)
  const range = {
    ...(since === undefined ? {} : { $gt: since }),
    ...(after !== undefined && ascending ? { $gte: after.stored } : {}),
    $lte: upper
  }
  if (after === undefined) return { 'ralph.stored': range }
  // Neighbours with the same time, up to the one itself. Said so that it is no second range to the server.
  const passed = { 'ralph.stored': after.stored, 'ralph.id': ascending ? { $lte: after.id } : { $gte: after.id } }
  return { 'ralph.stored': range, $nor: [passed] }
}

/** Those that have all of the tokens, and had them when all up to `last` was written. */
const having = (tokens: readonly Token[], leading: Token | undefined, last: Micros): Condition[] => {
  if (leading === undefined) return []
  const others = tokens.filter((token) => token !== leading)
  return [
    { 'ralph.tokens': leading },
    // An expression is no range: the server cannot choose another token to look in the index for.
    ...others.map((token) => ({ $expr: { $in: [token, '$ralph.tokens'] } })),
    { $nor: [{ 'ralph.pending': { $elemMatch: { at: { $gt: last }, tokens: { $in: [...tokens] } } } }] }
  ]
}

const whole = ({ id, stored, text = '' }: StatementText): StoredStatement => ({ id, stored, text })

export const createQueries = (collections: Collections, snapshots: Snapshots): Queries => {
  const { statements } = collections
  const leadingOf = createLeadingToken(collections)

  /** No more text is fetched than fits into a page: the server sends as much at a time. */
  const fetchPage = async (
    conditions: readonly Condition[],
    { ascending, limit }: { readonly ascending: boolean; readonly limit: number },
    hint: string,
    signal: AbortSignal | undefined
  ): Promise<StatementPage> => {
    const direction = ascending ? 1 : -1
    const cursor = statements.find<{ readonly ralph: StatementText }>(
      { $and: [...conditions] },
      {
        projection: readProjection,
        sort: { 'ralph.stored': direction, 'ralph.id': direction },
        hint,
        limit: limit + 1,
        // One more than there will be: then the server keeps no cursor.
        batchSize: limit + 2,
        enableUtf8Validation: false,
        maxTimeMS: timeLimits.read,
        signal
      }
    )
    const page: StoredStatement[] = []
    let size = 0
    try {
      for await (const { ralph } of cursor) {
        size += sizeOf(ralph)
        if (page.length === limit || (page.length > 0 && size > maxPageSize)) return { statements: page, more: true }
        page.push(ralph.parts === undefined ? whole(ralph) : await readStored(collections, ralph, signal))
      }
      return { statements: page, more: false }
    } finally {
      await cursor.close()
    }
  }

  return {
    query: async (query, { signal } = {}) => {
      const tokens = termsOfQuery(query).map(tokenOf)
      const leading = await leadingOf(tokens, signal)
      return snapshots.read((last) =>
        fetchPage(
          [...having(tokens, leading, last), within(query, last), isValid(last)],
          query,
          leading === undefined ? indexNames.stored : indexNames.tokens,
          signal
        )
      )
    },
    find: (id, { voided }, { signal } = {}) =>
      snapshots.read(async (last) => {
        const found = await statements.findOne<{ readonly ralph: StatementText }>(
          { $and: [{ 'ralph.id': id }, { 'ralph.stored': { $lte: last } }, voided ? isVoided(last) : isValid(last)] },
          { projection: readProjection, enableUtf8Validation: false, maxTimeMS: timeLimits.read, signal }
        )
        return found === null ? undefined : readStored(collections, found.ralph, signal)
      }),
    all: (after, limit, { signal } = {}) =>
      snapshots.read((last) => {
        const query = { ascending: true, limit, ...(after === undefined ? {} : { after }) }
        return fetchPage([within(query, last)], query, indexNames.stored, signal)
      })
  }
}
