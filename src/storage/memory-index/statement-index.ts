import type { Position, StatementQuery } from '../../xapi/filters.ts'
import { type Statement, type StatementId, targetOf, voids } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms, termsOfQuery } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Heritage } from './inheritance.ts'
import { createReferences } from './references.ts'
import { commonRows, firstNotBefore } from './sorted-rows.ts'
import { createRows, createTermLists, type IndexRow, type IndexRows, textOrder } from './term-lists.ts'

export type { IndexRow }

/** A statement as the index receives it. The index does not keep the text. */
export interface IndexedStatement {
  /** Normalised. */
  readonly id: StatementId
  readonly stored: Micros
  readonly statement: Statement
}

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

/** Which statements are voided. A statement that voids another cannot be voided. */
const createVoiding = (rowOf: ReadonlyMap<StatementId, IndexRow>) => {
  const voidedIds = new Set<StatementId>()
  const voiding = new Set<IndexRow>()
  const voided = new Set<IndexRow>()
  /** They are voided once they are sealed. */
  let victims: IndexRow[] = []

  const settle = (row: IndexRow, id: StatementId, unwanted: StatementId | undefined): void => {
    if (unwanted === undefined) {
      if (voidedIds.has(id)) victims.push(row)
      return
    }
    voiding.add(row)
    voidedIds.add(unwanted)
    const victim = rowOf.get(unwanted)
    if (victim !== undefined && !voiding.has(victim)) victims.push(victim)
  }

  return {
    settle,
    voided: voided as ReadonlySet<IndexRow>,
    seal: (): void => {
      for (const row of victims) voided.add(row)
      victims = []
    }
  }
}

/** The rows of a page. `found` are the lists of all terms of the query, shortest first. */
const pageOf = (
  { compare, order }: IndexRows,
  found: readonly (readonly IndexRow[])[],
  voided: ReadonlySet<IndexRow>,
  { since, until, after, ascending, limit }: StatementQuery
) => {
  const [first] = found
  if (first === undefined) return { rows: [], more: false }
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

export const createStatementIndex = (): StatementIndex => {
  const rows = createRows()
  const { ids, storedAt, rowOf, compare } = rows
  const all: IndexRow[] = []
  const terms = createTermLists(rows)

  /** IndexRows from this one on are staged, and so are the listings below. */
  let sealed: IndexRow = 0
  /** Number of a term, row, number of a term, row, … */
  let listings: number[] = []
  const references = createReferences(rows, terms, (number, row) => {
    listings.push(number, row)
  })
  const voiding = createVoiding(rowOf)

  const stageRow = ({ id, stored, inheritable, own, target, unwanted }: Derived): IndexRow => {
    const row = rows.add(id, stored)
    terms.keepTerms(inheritable)
    if (target !== undefined) references.linkTarget(row, target)
    for (const number of references.termsOf(row)) listings.push(number, row)
    for (const term of own) listings.push(terms.numbered(term), row)
    voiding.settle(row, id, unwanted)
    return row
  }

  const seal = (): void => {
    for (; sealed < ids.length; sealed += 1) terms.put(all, sealed)
    for (let at = 0; at < listings.length; at += 2) {
      terms.put(terms.listOf(listings[at] as number), listings[at + 1] as IndexRow)
    }
    voiding.seal()
    listings = []
  }

  const stage = function* (statements: readonly IndexedStatement[]): Generator<void, void, void> {
    const derived: Derived[] = []
    for (const each of statements) {
      derived.push(derive(each))
      yield
    }
    for (const each of derived) {
      const row = stageRow(each)
      if (references.referrers.has(each.id)) yield* references.handDown(row)
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
      const number = terms.numberOf.get(term)
      if (number === undefined) return undefined
      found.push(terms.listOf(number))
    }
    return found.length === 0 ? [all] : found.sort((one, other) => one.length - other.length)
  }

  return {
    referrersOf: (id) => (references.referrers.get(id) ?? []).map((row) => ids[row] as StatementId),
    heritageOf: (id) => {
      const row = rowOf.get(id)
      return row === undefined ? [] : references.termsOf(row)
    },
    keyOf: (term) => terms.numberOf.get(term) ?? term,
    get size() {
      return sealed
    },
    row: (id) => {
      const row = rowOf.get(id)
      return row === undefined || row < sealed ? row : undefined
    },
    id: (row) => ids[row] as StatementId,
    stored: (row) => storedAt[row] as Micros,
    isVoided: (row) => voiding.voided.has(row),
    add: addAll,
    stage,
    seal,
    append: (statement) => {
      terms.leaveUnsorted()
      addAll([statement])
    },
    sort: terms.sort,
    query: (query) => {
      const found = listsOf(query)
      return found === undefined ? { rows: [], more: false } : pageOf(rows, found, voiding.voided, query)
    },
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

const isBefore = (one: Position, other: Position): boolean =>
  (one.stored - other.stored || textOrder(one.id, other.id)) < 0
