import type { Position } from '../../xapi/filters.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Term } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { insertRow, sortRows } from './sorted-rows.ts'

/** The number of a statement, in the order in which it was added. The owner of the index knows where its text is. */
export type IndexRow = number

export const textOrder = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

/** The rows of the index, and their order: (stored, id). */
export const createRows = () => {
  const ids: StatementId[] = []
  const storedAt: Micros[] = []
  const rowOf = new Map<StatementId, IndexRow>()

  // IndexRows and numbers of terms come only from these lists, so each has an entry.
  const compare = (row: IndexRow, { stored, id }: Position): number =>
    (storedAt[row] as Micros) - stored || textOrder(ids[row] as StatementId, id)
  const order = (one: IndexRow, other: IndexRow): number =>
    (storedAt[one] as Micros) - (storedAt[other] as Micros) ||
    (one === other ? 0 : textOrder(ids[one] as StatementId, ids[other] as StatementId))

  return {
    ids,
    storedAt,
    rowOf,
    compare,
    order,
    add: (id: StatementId, stored: Micros): IndexRow => {
      const row = ids.push(id) - 1
      storedAt.push(stored)
      rowOf.set(id, row)
      return row
    }
  }
}
export type IndexRows = ReturnType<typeof createRows>

/** Terms are numbered. Each has a list of the rows with the term, inherited or not. */
export const createTermLists = ({ order }: IndexRows) => {
  const numberOf = new Map<Term, number>()
  const lists: IndexRow[][] = []
  /** The terms that others may inherit from a row: `terms` from `firstTerm[row]` to `firstTerm[row + 1]`. */
  const firstTerm: number[] = [0]
  let terms = new Uint32Array(1024)
  /** Lists that are not in order yet. Undefined: every row is put in its place at once. */
  let unsorted: Set<IndexRow[]> | undefined

  const put = (list: IndexRow[], row: IndexRow): void => {
    if (unsorted === undefined) insertRow(list, row, order)
    else {
      const last = list.at(-1)
      if (last !== undefined && order(last, row) >= 0) unsorted.add(list)
      list.push(row)
    }
  }

  const numbered = (term: Term): number => {
    const known = numberOf.get(term)
    if (known !== undefined) return known
    numberOf.set(term, lists.length)
    return lists.push([]) - 1
  }

  const keepTerms = (own: ReadonlySet<Term>): void => {
    const start = firstTerm.at(-1) as number
    const end = start + own.size
    if (end > terms.length) {
      const larger = new Uint32Array(Math.max(terms.length * 2, end))
      larger.set(terms)
      terms = larger
    }
    let at = start
    for (const term of own) {
      terms[at] = numbered(term)
      at += 1
    }
    firstTerm.push(end)
  }

  return {
    numberOf,
    numbered,
    keepTerms,
    termsOf: (row: IndexRow): Iterable<number> => terms.subarray(firstTerm[row], firstTerm[row + 1]),
    // Numbers of terms come only from here, so each has a list.
    listOf: (number: number): IndexRow[] => lists[number] as IndexRow[],
    put,
    leaveUnsorted: (): void => {
      unsorted ??= new Set()
    },
    sort: (): void => {
      for (const list of unsorted ?? []) sortRows(list, order)
      unsorted = undefined
    }
  }
}
export type TermLists = ReturnType<typeof createTermLists>
