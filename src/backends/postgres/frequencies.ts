import { LRUCache } from 'lru-cache'
import type { CallOptions } from '../../contracts/statement-store.ts'
import type { Database } from './connect.ts'
import { listOf } from './keys.ts'
import { prepare } from './query-text.ts'

/**
 * A list up to this length is read row by row, whatever the other filters are. It takes some milliseconds. Longer lists are read side by
 * side.
 */
export const longList = 5000

const countEntries = prepare<[token: string, count: number]>(
  'count_entries',
  `SELECT token, (
     SELECT count(*) FROM (SELECT FROM entry WHERE target = $1 AND entry.token = asked.token LIMIT $3::bigint) AS first
   ) FROM unnest($2::uuid[]) AS asked (token)`
)

/** One list of a query: the statements that have at least one of some tokens. */
export type TokenKeys = readonly string[]

export interface Frequencies {
  /** The shortest of the lists. Undefined when all of them are long. */
  rarest(lists: readonly TokenKeys[], options?: CallOptions): Promise<TokenKeys | undefined>
}

export const createFrequencies = (database: Database, target: number, long: number): Frequencies => {
  /** The first tokens of lists that are long. Lists never become shorter, except by voiding. */
  const frequent = new LRUCache<string, true>({ max: 10_000 })
  return {
    rarest: async (lists, options) => {
      const unknown = lists.filter(([first = '']) => !frequent.has(first))
      if (unknown.length === 0) return undefined
      const rows = await database.read(countEntries(target, listOf(unknown.flat()), long + 1), options)
      const counts = new Map(rows.map(([token, count]) => [token.replaceAll('-', ''), count]))
      let rarest: { readonly list: TokenKeys; readonly count: number } | undefined
      for (const list of unknown) {
        const count = list.reduce((sum, key) => sum + (counts.get(key) ?? 0), 0)
        if (count > long) frequent.set(list[0] ?? '', true)
        else if (rarest === undefined || count < rarest.count) rarest = { list, count }
      }
      return rarest?.list
    }
  }
}
