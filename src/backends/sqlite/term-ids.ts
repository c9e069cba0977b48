import type { Term } from '../../xapi/terms.ts'
import type { Connection } from './connect.ts'
import type { Participant } from './transaction.ts'
import { createTransactionCache } from './transaction-cache.ts'

/** The number of a term in `entry`. */
export type TermId = number

export interface TermIds extends Participant {
  /** Undefined when no statement has the term. */
  find(term: Term): TermId | undefined
  /** Gives a number to a new term. Only within a transaction that also writes an entry for it. */
  idOf(term: Term): TermId
  /** Removes a term that no statement has any more. */
  remove(term: Term): void
  /** The number is in use. */
  reserve(id: TermId): void
}

export const createTermIds = (connection: Connection): TermIds => {
  const cache = createTransactionCache<TermId>({ entries: 20_000, characters: 2_000_000 })
  const select = connection.prepare<[id: number]>('SELECT id FROM term WHERE text = ?')
  const insert = connection.prepare('INSERT INTO term (text, id) VALUES (?, ?)')
  const remove = connection.prepare('DELETE FROM term WHERE text = ?')
  // A number must never mean two terms. The highest number in `entry` is the last one that was given out, except for statements that are
  // indexed only in memory. rebuild-recent-index.ts looks up or reserves the numbers of these before any statement can arrive.
  let last = connection.prepare<[id: number | null]>('SELECT max(term) FROM entry').get()?.[0] ?? 0
  const find = (term: Term): TermId | undefined => {
    const known = cache.get(term)
    if (known !== undefined) return known
    const id = select.get(term)?.[0]
    if (id === undefined) return undefined
    cache.set(term, id)
    last = Math.max(last, id)
    return id
  }
  return {
    find,
    idOf: (term) => {
      const known = find(term)
      if (known !== undefined) return known
      last += 1
      insert.run(term, last)
      cache.set(term, last)
      return last
    },
    remove: (term) => {
      remove.run(term)
      cache.delete(term)
    },
    reserve: (id) => {
      last = Math.max(last, id)
    },
    settle: cache.settle,
    discard: cache.discard
  }
}
