import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { TermId } from './term-ids.ts'
import type { Participant } from './transaction.ts'

/** The index of the newest statements, in memory. */
export interface RecentIndex extends Participant {
  /** Includes the statements of the open transaction. Only the transaction itself looks for them here. */
  readonly ids: ReadonlyMap<StatementId, Micros>
  /** The state at the beginning of the transaction. */
  readonly terms: ReadonlyMap<TermId, readonly Micros[]>
  addId(id: StatementId, stored: Micros): void
  addTerm(term: TermId, stored: Micros): void
  /** Whether any of its statements has the term, those of the open transaction included. */
  has(term: TermId): boolean
  /** `terms` after the transaction. */
  termsToBe(): Yielding<ReadonlyMap<TermId, readonly Micros[]>>
  clear(): void
}

/** The index of a value among sorted ones, or the index to insert it at. Most often it is the end. */
export const placeIn = (values: readonly Micros[], value: Micros): number => {
  let at = values.length
  while (at > 0 && (values[at - 1] ?? 0) >= value) at -= 1
  return at
}

const put = (terms: Map<TermId, Micros[]>, term: TermId, stored: Micros): void => {
  const values = terms.get(term)
  if (!values) {
    terms.set(term, [stored])
    return
  }
  const at = placeIn(values, stored)
  if (at === values.length) values.push(stored)
  else if (values[at] !== stored) values.splice(at, 0, stored)
}

export const createRecentIndex = (): RecentIndex => {
  const ids = new Map<StatementId, Micros>()
  const terms = new Map<TermId, Micros[]>()
  let freshIds: StatementId[] = []
  let freshTerms: (readonly [TermId, Micros])[] = []

  const forget = (): void => {
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
      freshTerms.push([term, stored])
    },
    has: (term) => terms.has(term) || freshTerms.some(([each]) => each === term),
    termsToBe: function* () {
      const all = new Map<TermId, Micros[]>()
      for (const [term, values] of terms) {
        all.set(term, values)
        yield
      }
      for (const [term, stored] of freshTerms) {
        const values = all.get(term)
        // Readers use `terms` meanwhile.
        if (values !== undefined && values === terms.get(term)) all.set(term, values.slice())
        put(all, term, stored)
        yield
      }
      return all
    },
    settle: () => {
      for (const [term, stored] of freshTerms) put(terms, term, stored)
      forget()
    },
    discard: () => {
      for (const id of freshIds) ids.delete(id)
      forget()
    },
    clear: () => {
      ids.clear()
      terms.clear()
      forget()
    }
  }
}
