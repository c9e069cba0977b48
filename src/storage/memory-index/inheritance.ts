import type { Inheritance } from '../../contracts/statement-store.ts'
import { type Statement, type StatementId, targetOf } from '../../xapi/statement.ts'
import { inheritableTerms, type Term } from '../../xapi/terms.ts'

/** The key of a term in an index: its number, or the term itself when it has no number yet. */
type TermKey = number | Term

/** The statements of an index that refer to each other. Staged statements are included. */
export interface Heritage {
  referrersOf(id: StatementId): readonly StatementId[]
  /** The terms that referrers inherit from the statement. */
  heritageOf(id: StatementId): Iterable<TermKey>
  keyOf(term: Term): TermKey
}

interface Arriving {
  readonly id: StatementId
  readonly statement: Statement
}

/**
 * Counts the terms that statements will inherit, before the index changes: the index cannot undo a change. The count
 * includes the index, and what was counted since the last `clear`.
 */
export interface InheritanceCount {
  /** Throws the error of `inheritance`. Only the count has changed then; clear it. */
  add(batch: readonly Arriving[], inheritance: Inheritance | undefined): Generator<void, void, void>
  clear(): void
}

export const countInheritance = (index: Heritage): InheritanceCount => {
  const counted = new Map<StatementId, Set<TermKey>>()
  const referrers = new Map<StatementId, StatementId[]>()

  const keysOf = (id: StatementId): Set<TermKey> => {
    const known = counted.get(id) ?? new Set(index.heritageOf(id))
    counted.set(id, known)
    return known
  }
  const referrersOf = (id: StatementId): readonly StatementId[] => [
    ...index.referrersOf(id),
    ...(referrers.get(id) ?? [])
  ]

  const hand = (id: StatementId, keys: readonly TermKey[], { take }: Inheritance): TermKey[] => {
    take(keys.length)
    const present = keysOf(id)
    const news = keys.filter((key) => !present.has(key))
    for (const key of news) present.add(key)
    return news
  }

  const addOne = function* ({ id, statement }: Arriving, inheritance: Inheritance): Generator<void, void, void> {
    counted.set(id, new Set([...inheritableTerms(statement)].map(index.keyOf)))
    const target = targetOf(statement)
    if (target !== undefined) {
      const others = referrers.get(target)
      if (others === undefined) referrers.set(target, [id])
      else others.push(id)
      hand(id, [...keysOf(target)], inheritance)
    }
    const waiting = [{ id, keys: [...keysOf(id)] }]
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      for (const referrer of referrersOf(next.id)) {
        const news = hand(referrer, next.keys, inheritance)
        if (news.length > 0) waiting.push({ id: referrer, keys: news })
        yield
      }
    }
  }

  const refers = ({ id, statement }: Arriving): boolean =>
    targetOf(statement) !== undefined || referrersOf(id).length > 0

  return {
    add: function* (batch, inheritance) {
      inheritance?.begin()
      if (inheritance === undefined || !batch.some(refers)) return
      for (const each of batch) {
        yield* addOne(each, inheritance)
        yield
      }
    },
    clear: () => {
      counted.clear()
      referrers.clear()
    }
  }
}
