import { LRUCache } from 'lru-cache'
import type { CallOptions } from '../../contracts/statement-store.ts'
import type { Database } from './connect.ts'
import { listOf } from './keys.ts'
import { prepare } from './query-text.ts'

/**
 * A list that is no longer than this is gone through one by one, whatever else is asked for; it takes some milliseconds.
 * Longer lists are read side by side.
 */
export const longList = 5000

const countEntries = prepare<[token: string, count: number]>(
  'count_entries',
  `SELECT token, (
     SELECT count(*) FROM (SELECT FROM entry WHERE target = $1 AND entry.token = asked.token LIMIT $3::bigint) AS first
   ) FROM unnest($2::uuid[]) AS asked (token)`
)

export interface Frequencies {
  /** The one of the tokens that fewest statements have; undefined when all of them have long lists. */
  rarest(keys: readonly string[], options?: CallOptions): Promise<string | undefined>
}

export const createFrequencies = (database: Database, target: number, long: number): Frequencies => {
  /** Those with long lists: lists only ever grow, but for what is voided. */
  const frequent = new LRUCache<string, true>({ max: 10_000 })
  return {
    rarest: async (keys, options) => {
      const unknown = keys.filter((key) => !frequent.has(key))
      if (unknown.length === 0) return undefined
      const rows = await database.read(countEntries(target, listOf(unknown), long + 1), options)
      let rarest: { readonly key: string; readonly count: number } | undefined
      for (const [token, count] of rows) {
        const key = token.replaceAll('-', '')
        if (count > long) frequent.set(key, true)
        else if (rarest === undefined || count < rarest.count) rarest = { key, count }
      }
      return rarest?.key
    }
  }
}
