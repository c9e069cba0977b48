import { LRUCache } from 'lru-cache'
import type { Participant } from './transaction.ts'

/** A bounded cache of database values. It forgets the values of a transaction that was undone. */
export interface TransactionCache<Value extends {}> extends Participant {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
}

export interface CacheBounds<Value> {
  readonly entries: number
  /** Of keys and values together. */
  readonly characters: number
  /** The characters of a value. The default is 0. */
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
    delete: (key) => {
      known.delete(key)
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
