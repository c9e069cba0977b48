import type { Document, Filter } from 'mongodb'
import { type Token, tokenOf } from '../../storage/batching/tokens.ts'
import type { Gap, Written } from '../../storage/batching/written.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { indexNames } from './schema.ts'

/** How a page is read: one range of one index, in the order of the index. */
export interface FindPlan {
  readonly filter: Filter<Document>
  readonly sort: { readonly 'ralph.stored'?: 1 | -1; readonly 'ralph.id': 1 | -1 }
  /** The name of the index. */
  readonly hint: string
}

type Condition = Filter<Document>

const inGap = ({ after, through }: Gap): { readonly $gt: Micros; readonly $lte: Micros } => ({
  $gt: after,
  $lte: through
})

/** The ranges of batches that do not count, or do not count yet. */
export const notWritten = ({ last, gaps }: Written): object[] => [{ $gt: last }, ...gaps.map(inGap)]

/**
 * Matches what a session wrote in a batch that does not count, after its writer was taken for dead. The time alone is not enough: a
 * statement that was copied from another store may have any `stored`.
 */
export const isOfGap = (gap: Gap): Condition => ({
  'ralph.stored': inGap(gap),
  'ralph.turn': { $regex: `^${gap.holder}` }
})

/** Excludes what batches that do not count have left. */
const notInGaps = ({ gaps }: Written): Condition[] => (gaps.length === 0 ? [] : [{ $nor: gaps.map(isOfGap) }])

/** Matches statements of committed batches. */
export const isStored = (written: Written): Condition[] => [
  { 'ralph.stored': { $lte: written.last } },
  ...notInGaps(written)
]

/** Matches statements that a committed batch voided, or those that none voided. */
export const isVoided = ({ last, gaps }: Written): Condition =>
  gaps.length === 0
    ? { 'ralph.voided': { $lte: last } }
    : { 'ralph.voided': { $lte: last }, $nor: gaps.map((gap) => ({ 'ralph.voided': inGap(gap) })) }

export const isValid = (written: Written): Condition =>
  written.gaps.length === 0 ? { 'ralph.voided': { $not: { $lte: written.last } } } : { $nor: [isVoided(written)] }

/** The statements between two times, as one range of an index. If several bounds are given, the narrowest counts. */
const within = ({ since, until, after, ascending }: StatementQuery, last: Micros): Condition => {
  const upper = Math.min(until ?? last, last, after !== undefined && !ascending ? after.stored : last)
  const range = {
    ...(since === undefined ? {} : { $gt: since }),
    ...(after !== undefined && ascending ? { $gte: after.stored } : {}),
    $lte: upper
  }
  if (after === undefined) return { 'ralph.stored': range }
  // Excludes the neighbors with the same time, up to the statement itself. The form keeps the server from using it as a second range.
  const passed = { 'ralph.stored': after.stored, 'ralph.id': ascending ? { $lte: after.id } : { $gte: after.id } }
  return { 'ralph.stored': range, $nor: [passed] }
}

/** Matches the statements that have all tokens, as far as committed batches say. */
const having = (tokens: readonly Token[], leading: Token | undefined, written: Written): Condition[] => {
  if (leading === undefined) return []
  const others = tokens.filter((token) => token !== leading)
  return [
    { 'ralph.tokens': leading },
    // An expression is not a range, so the server cannot choose the index range of another token.
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

/** The page of a query, among the committed statements. `leading` is the token whose range is read. */
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

/** The statements with these ids, voided or not, in the order of their index. */
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
