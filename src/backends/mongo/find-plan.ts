import type { Document, Filter } from 'mongodb'
import { type Token, tokenOf } from '../../rounds/tokens.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { indexNames } from './schema.ts'

/** How a page is asked for: one range of one index, in its order. */
export interface FindPlan {
  readonly filter: Filter<Document>
  readonly sort: { readonly 'ralph.stored': 1 | -1; readonly 'ralph.id': 1 | -1 }
  /** Name of the index. */
  readonly hint: string
}

type Condition = Filter<Document>

/** Voided by a round that is committed, or not. */
export const isVoided = (last: Micros): Condition => ({ 'ralph.voided': { $lte: last } })
export const isValid = (last: Micros): Condition => ({ 'ralph.voided': { $not: { $lte: last } } })

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

export const tokensOfQuery = (query: StatementQuery): Token[] => termsOfQuery(query).map(tokenOf)

const sortOf = ({ ascending }: StatementQuery): FindPlan['sort'] =>
  ascending ? { 'ralph.stored': 1, 'ralph.id': 1 } : { 'ralph.stored': -1, 'ralph.id': -1 }

/** The page of a query, among what was written up to `last`; `leading` is the token whose range is gone through. */
export const planFind = (query: StatementQuery, leading: Token | undefined, last: Micros): FindPlan => ({
  filter: { $and: [...having(tokensOfQuery(query), leading, last), within(query, last), isValid(last)] },
  sort: sortOf(query),
  hint: leading === undefined ? indexNames.stored : indexNames.tokens
})

/** Every statement, voided or not. */
export const planAll = (query: StatementQuery, last: Micros): FindPlan => ({
  filter: within(query, last),
  sort: sortOf(query),
  hint: indexNames.stored
})
