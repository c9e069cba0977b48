import type { CallOptions, StatementPage } from '../../contracts/statement-store.ts'
import { tokenOf } from '../../rounds/tokens.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import type { Database } from './connect.ts'
import { createFrequencies, longList } from './frequencies.ts'
import { tokenKey } from './keys.ts'
import { inOrder, inRange, type PageRow, pageFrom, pageOf, type Range, rangeOf } from './page.ts'
import { plain, prepare } from './query-text.ts'

/** As parameters: the target, the range, the limit, and then the tokens. */
const rangeParameters = ['$2', '$3::uuid', '$4'] as const
const firstToken = 6

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

/**
 * The statements with one token, in the order of its list, each looked up in the lists of the others. `OFFSET 0` keeps
 * the planner from turning the look-ups into a join of whole lists.
 */
const probing = (ascending: boolean, others: number) => {
  const probes = Array.from(
    { length: others },
    (_, index) =>
      `AND EXISTS (SELECT FROM entry AS other WHERE other.target = $1 AND other.token = $${firstToken + 1 + index}
         AND other.stored = entry.stored AND other.id = entry.id OFFSET 0)`
  )
  return prepare<PageRow>(
    `probing_${others}_${ascending ? 'up' : 'down'}`,
    pageOf(
      `SELECT stored, id, ${textOf('entry')} FROM (
         SELECT stored, id FROM entry
         WHERE target = $1 AND token = $${firstToken} AND ${inRange('entry', ascending, rangeParameters)} ${probes.join(' ')}
         ${inOrder('entry', ascending)} LIMIT $5::bigint + 1
       ) AS entry ${inOrder('entry', ascending)}`,
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
/** One for each number of tokens beside the first: a question has five at most. */
const probes = Array.from({ length: 5 }, (_, others) => both((ascending) => probing(ascending, others)))

const onlyMerging = ['nestloop', 'hashjoin', 'sort', 'incremental_sort', 'material']
  .map((plan) => `SET LOCAL enable_${plan} = off`)
  .join('; ')

/**
 * The statements that several long lists have in common: the lists are read side by side, each once and in order. No
 * other plan will do, so it is planned with everything else forbidden, and with the values in it: numbers and
 * hexadecimal digits.
 */
const merging = (target: number, keys: readonly string[], { ascending, start, end }: Range, limit: number) => {
  const range = [String(start.stored), `'${start.id}'::uuid`, String(end)] as const
  const lists = keys.map(
    (key, index) => `
    (SELECT stored, id FROM entry WHERE target = ${target} AND token = '${key}'::uuid
     AND ${inRange('entry', ascending, range)} ${inOrder('entry', ascending)}) AS list${index}`
  )
  const [first, ...others] = lists
  const joined = others.map((list) => `JOIN ${list} USING (stored, id)`)
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
    const keys = termsOfQuery(query).map((term) => tokenKey(tokenOf(term)))
    const values = [target, range.start.stored, range.start.id, range.end, query.limit] as const
    if (keys.length === 0) return database.read(all(range.ascending)(...values), options)
    const rarest = keys.length === 1 ? keys[0] : await frequencies.rarest(keys, options)
    if (rarest === undefined) return database.read(merging(target, keys, range, query.limit), options)
    const others = keys.filter((key) => key !== rarest)
    const probing = probes[others.length]
    if (probing === undefined) throw new RangeError('a question has five terms at most')
    return database.read(probing(range.ascending)(...values, rarest, ...others), options)
  }

  return { query: async (query, options) => pageFrom(await pageRows(query, options)) }
}
