import { LRUCache } from 'lru-cache'
import type { Participant } from './transaction.ts'

/** What a store knows without asking the database. Bounded; forgets what it learned in a transaction that was undone. */
export interface TransactionCache<Value extends {}> extends Participant {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
}

export interface CacheBounds<Value> {
  readonly entries: number
  /** Of keys and values together. */
  readonly characters: number
  /** Characters of a value; 0 unless given. */
  readonly charactersOf?: (value: Value) => number
}

export const createTransactionCache = <Value extends {}>(bounds: CacheBounds<Value>): TransactionCache<Value> => {
  const { charactersOf = () => 0 } = bounds
  const known = new LRUCache<string, Value>({
    max: bounds.entries,
    maxSize: bounds.characters,
    sizeCalculation: (value, key) => 1 + key.length + charactersOf(value)
  })
  let fresh: string[] = []
  return {
    get: (key) => known.get(key),
    set: (key, value) => {
      known.set(key, value)
      fresh.push(key)
    },
    settle: () => {
      if (fresh.length > 0) fresh = []
    },
    discard: () => {
      for (const key of fresh) known.delete(key)
      fresh = []
    }
  }
}
