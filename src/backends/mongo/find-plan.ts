import type { Document, Filter } from 'mongodb'
import { type Token, tokenOf } from '../../storage/batching/tokens.ts'
import type { Gap, Written } from '../../storage/batching/written.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { indexNames } from './schema.ts'

/** How a page is asked for: one range of one index, in its order. */
export interface FindPlan {
  readonly filter: Filter<Document>
  readonly sort: { readonly 'ralph.stored'?: 1 | -1; readonly 'ralph.id': 1 | -1 }
  /** Name of the index. */
  readonly hint: string
}

type Condition = Filter<Document>

const inGap = ({ after, through }: Gap): { readonly $gt: Micros; readonly $lte: Micros } => ({
  $gt: after,
  $lte: through
})

/** Ranges, in one of which a batch is that does not count, or not yet. */
export const notWritten = ({ last, gaps }: Written): object[] => [{ $gt: last }, ...gaps.map(inGap)]

/**
 * Written by a session of a writer that was taken for dead, in a batch that does not count. By the time alone it is not
 * told: a statement that another store had may have been stored at any time.
 */
export const isOfGap = (gap: Gap): Condition => ({
  'ralph.stored': inGap(gap),
  'ralph.turn': { $regex: `^${gap.holder}` }
})

/** Nothing that a batch has left which does not count. */
const notInGaps = ({ gaps }: Written): Condition[] => (gaps.length === 0 ? [] : [{ $nor: gaps.map(isOfGap) }])

/** Stored by a batch that is committed. */
export const isStored = (written: Written): Condition[] => [
  { 'ralph.stored': { $lte: written.last } },
  ...notInGaps(written)
]

/** Voided by a batch that is committed, or not. */
export const isVoided = ({ last, gaps }: Written): Condition =>
  gaps.length === 0
    ? { 'ralph.voided': { $lte: last } }
    : { 'ralph.voided': { $lte: last }, $nor: gaps.map((gap) => ({ 'ralph.voided': inGap(gap) })) }

export const isValid = (written: Written): Condition =>
  written.gaps.length === 0 ? { 'ralph.voided': { $not: { $lte: written.last } } } : { $nor: [isVoided(written)] }

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

/** Those that have all of the tokens, by what counts. */
const having = (tokens: readonly Token[], leading: Token | undefined, written: Written): Condition[] => {
  if (leading === undefined) return []
  const others = tokens.filter((token) => token !== leading)
  return [
    { 'ralph.tokens': leading },
    // An expression is no range: the server cannot choose another token to look in the index for.
    ...others.map((token) => ({ $expr: { $in: [token, '$ralph.tokens'] } })),
    {
      $nor: notWritten(written).map((at) => ({
        'ralph.pending': { $elemMatch: { at, tokens: { $in: [...tokens] } } }
      }))
    }
  ]
}

export const tokensOfQuery = (query: StatementQuery): Token[] => termsOfQuery(query).map(tokenOf)

const sortOf = ({ ascending }: StatementQuery): FindPlan['sort'] =>
  ascending ? { 'ralph.stored': 1, 'ralph.id': 1 } : { 'ralph.stored': -1, 'ralph.id': -1 }

/** The page of a query, among what was written; `leading` is the token whose range is gone through. */
export const planFind = (query: StatementQuery, leading: Token | undefined, written: Written): FindPlan => ({
  filter: {
    $and: [
      ...having(tokensOfQuery(query), leading, written),
      within(query, written.last),
      isValid(written),
      ...notInGaps(written)
    ]
  },
  sort: sortOf(query),
  hint: leading === undefined ? indexNames.stored : indexNames.tokens
})

/** Those of some ids, voided or not, in the order of their index. */
export const planIds = (ids: readonly StatementId[], written: Written): FindPlan => ({
  filter: { $and: [{ 'ralph.id': { $in: [...ids] } }, ...isStored(written)] },
  sort: { 'ralph.id': 1 },
  hint: indexNames.id
})

/** Every statement, voided or not. */
export const planAll = (query: StatementQuery, written: Written): FindPlan => ({
  filter:
    written.gaps.length === 0
      ? within(query, written.last)
      : { $and: [within(query, written.last), ...notInGaps(written)] },
  sort: sortOf(query),
  hint: indexNames.stored
})
