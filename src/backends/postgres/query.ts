import type { CallOptions, StatementPage } from '../../contracts/statement-store.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import { alternativesOf } from './compact-tokens.ts'
import type { Database } from './connect.ts'
import { createFrequencies, longList, type TokenKeys } from './frequencies.ts'
import { listOf, tokenKey } from './keys.ts'
import { inOrder, inRange, type PageRow, type PositionRange, pageFrom, pageOf, rangeOf } from './page.ts'
import { plain, prepare } from './query-text.ts'

/** The parameters: the target, the range, the limit, and then the tokens of each list as an array. */
const rangeParameters = ['$2', '$3::uuid', '$4'] as const
const firstList = 6

/** All statements, in the order of their index. */
const everything = (ascending: boolean) =>
  prepare<PageRow>(
    `everything_${ascending ? 'up' : 'down'}`,
    pageOf(
      `SELECT stored, id, text FROM statement
       WHERE target = $1 AND NOT voided AND ${inRange('statement', ascending, rangeParameters)}
       ${inOrder('statement', ascending)} LIMIT $5::bigint + 1`,
      ascending,
      '$5'
    )
  )

const textOf = (table: string): string =>
  `(SELECT text FROM statement WHERE target = $1 AND statement.id = ${table}.id) AS text`

/** The statements that have at least one of some tokens, each once and in order. The lists are merged. */
const listOfAny = (ascending: boolean, lists: readonly string[], end: string): string => {
  const [only, ...others] = lists.map((list) => `${list} ${inOrder('entry', ascending)} ${end}`)
  if (others.length === 0) return only ?? ''
  const merged = lists.map((list) => `(${list} ${inOrder('entry', ascending)} ${end})`).join(' UNION ALL ')
  return `SELECT DISTINCT stored, id FROM (${merged}) AS entry ${inOrder('entry', ascending)} ${end}`
}

/**
 * The statements of one list, in its order. Each is looked up in the other lists. `OFFSET 0` keeps the planner from turning the look-ups
 * into a join of whole lists.
 */
const probing = (ascending: boolean, alternatives: number, others: number) => {
  const probes = Array.from(
    { length: others },
    (_, index) =>
      `AND EXISTS (SELECT FROM entry AS other WHERE other.target = $1 AND other.token = ANY ($${firstList + 1 + index}::uuid[])
         AND other.stored = entry.stored AND other.id = entry.id OFFSET 0)`
  )
  const lists = Array.from(
    { length: alternatives },
    (_, index) =>
      `SELECT stored, id FROM entry WHERE target = $1 AND token = ($${firstList}::uuid[])[${index + 1}]
       AND ${inRange('entry', ascending, rangeParameters)} ${probes.join(' ')}`
  )
  return prepare<PageRow>(
    `probing_${alternatives}_${others}_${ascending ? 'up' : 'down'}`,
    pageOf(
      `SELECT stored, id, ${textOf('entry')} FROM (${listOfAny(ascending, lists, 'LIMIT $5::bigint + 1')}) AS entry
       ${inOrder('entry', ascending)}`,
      ascending,
      '$5'
    )
  )
}

const both = <Made>(make: (ascending: boolean) => Made) => {
  const [up, down] = [make(true), make(false)]
  return (ascending: boolean): Made => (ascending ? up : down)
}

const all = both(everything)
/** By the number of tokens of the first list, then by the number of other lists. A query has five lists at most. */
const probes = [1, 2, 3].map((alternatives) =>
  Array.from({ length: 5 }, (_, others) => both((ascending) => probing(ascending, alternatives, others)))
)

const onlyMerging = ['nestloop', 'hashjoin', 'sort', 'incremental_sort', 'hashagg', 'material']
  .map((plan) => `SET LOCAL enable_${plan} = off`)
  .join('; ')

/**
 * The statements that several long lists have in common. The lists are read side by side, each once and in order. Other plans are too slow,
 * so they are disabled. The values are in the SQL text: numbers and hexadecimal digits.
 */
const merging = (
  target: number,
  lists: readonly TokenKeys[],
  { ascending, start, end }: PositionRange,
  limit: number
) => {
  const range = [String(start.stored), `'${start.id}'::uuid`, String(end)] as const
  const sources = lists.map((keys, index) => {
    const each = keys.map(
      (key) => `SELECT stored, id FROM entry WHERE target = ${target} AND token = '${key}'::uuid
        AND ${inRange('entry', ascending, range)}`
    )
    return `(${listOfAny(ascending, each, '')}) AS list${index}`
  })
  const [first, ...others] = sources
  const joined = others.map((source) => `JOIN ${source} USING (stored, id)`)
  return plain<PageRow>(
    pageOf(
      `SELECT stored, id, ${textOf('entry').replace('$1', String(target))} FROM (
         SELECT stored, id FROM ${first} ${joined.join(' ')} ${inOrder('list0', ascending)} LIMIT ${limit + 1}
       ) AS entry ${inOrder('entry', ascending)}`,
      ascending,
      String(limit)
    ),
    onlyMerging
  )
}

export interface Queries {
  query(query: StatementQuery, options?: CallOptions): Promise<StatementPage>
}

export const createQueries = (database: Database, target: number, long: number = longList): Queries => {
  const frequencies = createFrequencies(database, target, long)

  const pageRows = async (query: StatementQuery, options?: CallOptions): Promise<readonly PageRow[]> => {
    const range = rangeOf(query)
    const lists = termsOfQuery(query).map((term): TokenKeys => alternativesOf(term).map(tokenKey))
    const values = [target, range.start.stored, range.start.id, range.end, query.limit] as const
    if (lists.length === 0) return database.read(all(range.ascending)(...values), options)
    const rarest = lists.length === 1 ? lists[0] : await frequencies.rarest(lists, options)
    if (rarest === undefined) return database.read(merging(target, lists, range, query.limit), options)
    const others = lists.filter((list) => list !== rarest)
    const probing = probes[rarest.length - 1]?.[others.length]
    if (probing === undefined) throw new RangeError('a question has five terms at most, of three alternatives')
    return database.read(probing(range.ascending)(...values, listOf(rarest), ...others.map(listOf)), options)
  }

  return { query: async (query, options) => pageFrom(await pageRows(query, options)) }
}
