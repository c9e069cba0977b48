import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { TermId } from './term-ids.ts'
import type { Participant } from './transaction.ts'

/** The index of the newest statements, in memory. Forgets what it learned in a transaction that was undone. */
export interface RecentIndex extends Participant {
  readonly ids: ReadonlyMap<StatementId, Micros>
  readonly terms: ReadonlyMap<TermId, readonly Micros[]>
  addId(id: StatementId, stored: Micros): void
  addTerm(term: TermId, stored: Micros): void
  clear(): void
}

/** Where a value is among sorted ones, or would be; most often at the end. */
export const placeIn = (values: readonly Micros[], value: Micros): number => {
  let at = values.length
  while (at > 0 && (values[at - 1] ?? 0) >= value) at -= 1
  return at
}

export const createRecentIndex = (): RecentIndex => {
  const ids = new Map<StatementId, Micros>()
  const terms = new Map<TermId, Micros[]>()
  let freshIds: StatementId[] = []
  let freshTerms: (readonly [TermId, Micros])[] = []

  const settle = (): void => {
    freshIds = []
    freshTerms = []
  }

  return {
    ids,
    terms,
    addId: (id, stored) => {
      ids.set(id, stored)
      freshIds.push(id)
    },
    addTerm: (term, stored) => {
      const values = terms.get(term)
      if (!values) terms.set(term, [stored])
      else {
        const at = placeIn(values, stored)
        if (values[at] === stored) return
        if (at === values.length) values.push(stored)
        else values.splice(at, 0, stored)
      }
      freshTerms.push([term, stored])
    },
    settle,
    discard: () => {
      for (const id of freshIds) ids.delete(id)
      // The newest first: it is found at the end of its list, and nothing behind it has to move.
      for (const [term, stored] of freshTerms.reverse()) {
        const values = terms.get(term) ?? []
        values.splice(placeIn(values, stored), 1)
        if (values.length === 0) terms.delete(term)
      }
      settle()
    },
    clear: () => {
      ids.clear()
      terms.clear()
      settle()
    }
  }
}
