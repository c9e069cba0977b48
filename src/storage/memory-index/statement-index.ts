import type { Position, StatementQuery } from '../../xapi/filters.ts'
import { type Statement, type StatementId, targetOf, voids } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms, type Term, termsOfQuery } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Heritage } from './inheritance.ts'
import { commonRows, firstNotBefore, insertRow, sortRows } from './sorted-rows.ts'

/** A statement as the index receives it. The index does not keep the text. */
export interface IndexedStatement {
  /** Normalised. */
  readonly id: StatementId
  readonly stored: Micros
  readonly statement: Statement
}

/** The number of a statement, in the order in which it was added. The owner of the index knows where its text is. */
export type IndexRow = number

/**
 * All that is derived from the statements of one store, in memory: one list of rows for each term, in the order (stored, id); ids, voiding,
 * and references in both directions. It holds no text.
 */
export interface StatementIndex extends Heritage {
  readonly size: number
  row(id: StatementId): IndexRow | undefined
  id(row: IndexRow): StatementId
  stored(row: IndexRow): Micros
  isVoided(row: IndexRow): boolean
  /** Adds all of them. If one cannot be read as a statement (TypeError), it adds none. None of the ids may exist already. */
  add(statements: readonly IndexedStatement[]): void
  /** `add` in steps. Queries between the steps see nothing of it until `seal`, which is quick. */
  stage(statements: readonly IndexedStatement[]): Generator<void, void, void>
  seal(): void
  /** For opening a store: adds one statement from anywhere in the order. Queries are possible only after `sort`. */
  append(statement: IndexedStatement): void
  sort(): void
  query(query: StatementQuery): { readonly rows: readonly IndexRow[]; readonly more: boolean }
  /** All statements, also voided ones, oldest first. */
  everything(after: Position | undefined, limit: number): { readonly rows: readonly IndexRow[]; readonly more: boolean }
}

/** The rows of those ids that exist, each once. */
export const rowsOf = (index: Pick<StatementIndex, 'row'>, ids: readonly StatementId[]): IndexRow[] =>
  [...new Set(ids)].flatMap((id) => index.row(id) ?? [])

/** Greater than every id. */
const lastId = '\uffff'

export const createStatementIndex = (): StatementIndex => {
  const ids: StatementId[] = []
  const storedAt: Micros[] = []
  const rowOf = new Map<StatementId, IndexRow>()
  const all: IndexRow[] = []

  /** Terms are numbered. `lists[number]` are the rows with the term, inherited or not. */
  const numberOf = new Map<Term, number>()
  const lists: IndexRow[][] = []
  /** The terms that others may inherit from a row: `terms` from `firstTerm[row]` to `firstTerm[row + 1]`. */
  const firstTerm: number[] = [0]
  let terms = new Uint32Array(1024)
  let unsorted: Set<IndexRow[]> | undefined

  /** For rows that target others: the terms that others may inherit from them, including those that they inherit. */
  const through = new Map<IndexRow, Set<number>>()
  const referrers = new Map<StatementId, IndexRow[]>()
  const voidedIds = new Set<StatementId>()
  const voiding = new Set<IndexRow>()
  const voided = new Set<IndexRow>()

  /** Rows from this one on are staged, and so are the lists below. */
  let sealed: IndexRow = 0
  /** Number of a term, row, number of a term, row, … */
  let listings: number[] = []
  let victims: IndexRow[] = []

  // Rows and numbers of terms come only from these lists, so each has an entry.
  const compare = (row: IndexRow, { stored, id }: Position): number =>
    (storedAt[row] as Micros) - stored || textOrder(ids[row] as StatementId, id)
  const order = (one: IndexRow, other: IndexRow): number =>
    (storedAt[one] as Micros) - (storedAt[other] as Micros) ||
    (one === other ? 0 : textOrder(ids[one] as StatementId, ids[other] as StatementId))

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

  const termsOf = (row: IndexRow): Iterable<number> =>
    through.get(row) ?? terms.subarray(firstTerm[row], firstTerm[row + 1])

  const linkTarget = (row: IndexRow, target: StatementId): void => {
    const others = referrers.get(target)
    if (others === undefined) referrers.set(target, [row])
    else others.push(row)
    const own = new Set(termsOf(row))
    const targetRow = rowOf.get(target)
    if (targetRow !== undefined) for (const number of termsOf(targetRow)) own.add(number)
    through.set(row, own)
  }

  /**
   * A referrer always has what its target has. If nothing is new, nothing is passed on. So a circle of references ends, and long chains of
   * equal statements stay cheap.
   */
  const handDown = function* (start: IndexRow): Generator<void, void, void> {
    const waiting = [{ row: start, numbers: [...termsOf(start)] }]
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      for (const referrer of referrers.get(ids[next.row] as StatementId) ?? []) {
        const known = through.get(referrer) as Set<number>
        const news = next.numbers.filter((number) => !known.has(number))
        for (const number of news) {
          known.add(number)
          listings.push(number, referrer)
        }
        if (news.length > 0) waiting.push({ row: referrer, numbers: news })
        yield
      }
    }
  }

  const settleVoiding = (row: IndexRow, id: StatementId, unwanted: StatementId | undefined): void => {
    if (unwanted === undefined) {
      if (voidedIds.has(id)) victims.push(row)
      return
    }
    voiding.add(row)
    voidedIds.add(unwanted)
    const victim = rowOf.get(unwanted)
    if (victim !== undefined && !voiding.has(victim)) victims.push(victim)
  }

  const stageRow = ({ id, stored, inheritable, own, target, unwanted }: Derived): IndexRow => {
    const row = ids.push(id) - 1
    storedAt.push(stored)
    rowOf.set(id, row)
    keepTerms(inheritable)
    if (target !== undefined) linkTarget(row, target)
    for (const number of termsOf(row)) listings.push(number, row)
    for (const term of own) listings.push(numbered(term), row)
    settleVoiding(row, id, unwanted)
    return row
  }

  const seal = (): void => {
    for (; sealed < ids.length; sealed += 1) put(all, sealed)
    for (let at = 0; at < listings.length; at += 2) {
      put(lists[listings[at] as number] as IndexRow[], listings[at + 1] as IndexRow)
    }
    for (const row of victims) voided.add(row)
    listings = []
    victims = []
  }

  const stage = function* (statements: readonly IndexedStatement[]): Generator<void, void, void> {
    const derived: Derived[] = []
    for (const each of statements) {
      derived.push(derive(each))
      yield
    }
    for (const each of derived) {
      const row = stageRow(each)
      if (referrers.has(each.id)) yield* handDown(row)
      yield
    }
  }

  const addAll = (statements: readonly IndexedStatement[]): void => {
    for (const _ of stage(statements));
    seal()
  }

  /** The lists of all terms of a query, shortest first. Undefined if a term is unknown: nothing can match. */
  const listsOf = (query: StatementQuery): IndexRow[][] | undefined => {
    const found: IndexRow[][] = []
    for (const term of termsOfQuery(query)) {
      const number = numberOf.get(term)
      if (number === undefined) return undefined
      found.push(lists[number] as IndexRow[])
    }
    return found.length === 0 ? [all] : found.sort((one, other) => one.length - other.length)
  }

  const query = ({ since, until, after, ascending, limit, ...filters }: StatementQuery) => {
    const found = listsOf({ ...filters, ascending, limit })
    const [first] = found ?? []
    if (found === undefined || first === undefined) return { rows: [], more: false }
    // Every row that matches is between two bounds, both exclusive.
    let low: Position = { stored: since ?? Number.NEGATIVE_INFINITY, id: lastId }
    let high: Position = { stored: until ?? Number.POSITIVE_INFINITY, id: lastId }
    if (after !== undefined && ascending && isBefore(low, after)) low = after
    if (after !== undefined && !ascending && isBefore(after, high)) high = after
    const start = ascending
      ? firstNotBefore(first, (row) => compare(row, low) || -1)
      : firstNotBefore(first, (row) => compare(row, high)) - 1
    const rows: IndexRow[] = []
    for (const row of commonRows(found, start, ascending ? 1 : -1, order)) {
      if (ascending ? compare(row, high) >= 0 : compare(row, low) <= 0) break
      if (voided.has(row)) continue
      if (rows.length === limit) return { rows, more: true }
      rows.push(row)
    }
    return { rows, more: false }
  }

  return {
    referrersOf: (id) => (referrers.get(id) ?? []).map((row) => ids[row] as StatementId),
    heritageOf: (id) => {
      const row = rowOf.get(id)
      return row === undefined ? [] : termsOf(row)
    },
    keyOf: (term) => numberOf.get(term) ?? term,
    get size() {
      return sealed
    },
    row: (id) => {
      const row = rowOf.get(id)
      return row === undefined || row < sealed ? row : undefined
    },
    id: (row) => ids[row] as StatementId,
    stored: (row) => storedAt[row] as Micros,
    isVoided: (row) => voided.has(row),
    add: addAll,
    stage,
    seal,
    append: (statement) => {
      unsorted ??= new Set()
      addAll([statement])
    },
    sort: () => {
      for (const list of unsorted ?? []) sortRows(list, order)
      unsorted = undefined
    },
    query,
    everything: (after, limit) => {
      const start = after === undefined ? 0 : firstNotBefore(all, (row) => compare(row, after) || -1)
      return { rows: all.slice(start, start + limit), more: start + limit < all.length }
    }
  }
}

/** Everything that can fail on an invalid statement is done here, before the index changes. */
const derive = ({ id, stored, statement }: IndexedStatement) => ({
  id,
  stored,
  inheritable: inheritableTerms(statement),
  own: ownTerms(statement),
  target: targetOf(statement),
  unwanted: voids(statement)
})
type Derived = ReturnType<typeof derive>

const textOrder = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

const isBefore = (one: Position, other: Position): boolean =>
  (one.stored - other.stored || textOrder(one.id, other.id)) < 0
