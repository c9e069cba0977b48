import { RalphError } from '../errors.ts'
import { isOf, requireOwnTargets } from './authority.ts'
import { sameStatement } from './equivalence.ts'
import type { Position, StatementQuery } from './filters.ts'
import { commonRows, firstNotBefore, insertRow, sortRows } from './sorted-rows.ts'
import { type Statement, type StatementId, targetOf, voids } from './statement.ts'
import { inheritableTerms, ownTerms, type Term, termsOfQuery } from './terms.ts'
import type { Micros } from './timestamp.ts'

/** A statement as the index takes it in; the text stays where it is. */
export interface IndexedStatement {
  /** Normalised. */
  readonly id: StatementId
  readonly stored: Micros
  readonly statement: Statement
}

/** Number of a statement in the order in which it was added; where its text is, the owner of the index knows. */
export type Row = number

/**
 * All that is derived from the statements of one store, in memory: one list of rows per term, in the order (stored, id);
 * ids, voiding and references in both directions. It holds no text.
 */
export interface StatementIndex {
  readonly size: number
  row(id: StatementId): Row | undefined
  id(row: Row): StatementId
  stored(row: Row): Micros
  isVoided(row: Row): boolean
  /** All of them or, if one cannot be read as a statement (TypeError), none. None of the ids may be there yet. */
  add(statements: readonly IndexedStatement[]): void
  /** For opening a store: `add` of one statement from anywhere in the order. Queries may be asked only after `sort`. */
  append(statement: IndexedStatement): void
  sort(): void
  query(query: StatementQuery): { readonly rows: readonly Row[]; readonly more: boolean }
  /** All there are, voided ones too, oldest first. */
  everything(after: Position | undefined, limit: number): { readonly rows: readonly Row[]; readonly more: boolean }
}

/** What comes after every id. */
const lastId = '\uffff'

export const createStatementIndex = (): StatementIndex => {
  const ids: StatementId[] = []
  const storedAt: Micros[] = []
  const rowOf = new Map<StatementId, Row>()
  const all: Row[] = []

  /** Terms are numbered; `lists[number]` are the rows that have one, inherited ones included. */
  const numberOf = new Map<Term, number>()
  const lists: Row[][] = []
  /** The terms that others may inherit from a row: `terms` from `firstTerm[row]` to `firstTerm[row + 1]`. */
  const firstTerm: number[] = [0]
  let terms = new Uint32Array(1024)
  let unsorted: Set<Row[]> | undefined

  const targets = new Map<Row, StatementId>()
  const referrers = new Map<StatementId, Row[]>()
  const voidedIds = new Set<StatementId>()
  const voiding = new Set<Row>()
  const voided = new Set<Row>()

  // Rows and numbers of terms are only ever taken from what is kept here: what stands at them is there.
  const compare = (row: Row, { stored, id }: Position): number =>
    (storedAt[row] as Micros) - stored || textOrder(ids[row] as StatementId, id)
  const order = (one: Row, other: Row): number =>
    (storedAt[one] as Micros) - (storedAt[other] as Micros) ||
    (one === other ? 0 : textOrder(ids[one] as StatementId, ids[other] as StatementId))

  const put = (list: Row[], row: Row): void => {
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

  /** Numbers of the terms of a row and of all that it targets, directly or not. */
  const termsThrough = (start: Row): Set<number> => {
    const numbers = new Set<number>()
    const seen = new Set<Row>()
    for (let row: Row | undefined = start; row !== undefined && !seen.has(row); ) {
      for (let at = firstTerm[row] as number; at < (firstTerm[row + 1] as number); at += 1) {
        numbers.add(terms[at] as number)
      }
      seen.add(row)
      const target: StatementId | undefined = targets.get(row)
      row = target === undefined ? undefined : rowOf.get(target)
    }
    return numbers
  }

  /** All that refer to a row, directly or not, without the row itself. */
  const referrersOf = (start: Row): Set<Row> => {
    const found = new Set<Row>([start])
    for (const row of found) for (const referrer of referrers.get(ids[row] as StatementId) ?? []) found.add(referrer)
    found.delete(start)
    return found
  }

  const linkTarget = (row: Row, target: StatementId): void => {
    targets.set(row, target)
    const others = referrers.get(target)
    if (others === undefined) referrers.set(target, [row])
    else others.push(row)
  }

  const settleVoiding = (row: Row, id: StatementId, unwanted: StatementId | undefined): void => {
    if (unwanted === undefined) {
      if (voidedIds.has(id)) voided.add(row)
      return
    }
    voiding.add(row)
    voidedIds.add(unwanted)
    const victim = rowOf.get(unwanted)
    if (victim !== undefined && !voiding.has(victim)) voided.add(victim)
  }

  const addRow = ({ id, stored, inheritable, own, target, unwanted }: Derived): void => {
    const row = ids.push(id) - 1
    storedAt.push(stored)
    rowOf.set(id, row)
    keepTerms(inheritable)
    put(all, row)
    if (target !== undefined) linkTarget(row, target)
    const inherited = termsThrough(row)
    for (const number of inherited) put(lists[number] as Row[], row)
    if (referrers.has(id)) {
      for (const referrer of referrersOf(row)) for (const number of inherited) put(lists[number] as Row[], referrer)
    }
    for (const term of own) put(lists[numbered(term)] as Row[], row)
    settleVoiding(row, id, unwanted)
  }

  /** The lists of all terms of a query, shortest first; undefined when a term is unknown: nothing can match. */
  const listsOf = (query: StatementQuery): Row[][] | undefined => {
    const found: Row[][] = []
    for (const term of termsOfQuery(query)) {
      const number = numberOf.get(term)
      if (number === undefined) return undefined
      found.push(lists[number] as Row[])
    }
    return found.length === 0 ? [all] : found.sort((one, other) => one.length - other.length)
  }

  const query = ({ since, until, after, ascending, limit, ...filters }: StatementQuery) => {
    const found = listsOf({ ...filters, ascending, limit })
    const [first] = found ?? []
    if (found === undefined || first === undefined) return { rows: [], more: false }
    // Every row that matches lies between two fences, both exclusive.
    let low: Position = { stored: since ?? Number.NEGATIVE_INFINITY, id: lastId }
    let high: Position = { stored: until ?? Number.POSITIVE_INFINITY, id: lastId }
    if (after !== undefined && ascending && isBefore(low, after)) low = after
    if (after !== undefined && !ascending && isBefore(after, high)) high = after
    const start = ascending
      ? firstNotBefore(first, (row) => compare(row, low) || -1)
      : firstNotBefore(first, (row) => compare(row, high)) - 1
    const rows: Row[] = []
    for (const row of commonRows(found, start, ascending ? 1 : -1, order)) {
      if (ascending ? compare(row, high) >= 0 : compare(row, low) <= 0) break
      if (voided.has(row)) continue
      if (rows.length === limit) return { rows, more: true }
      rows.push(row)
    }
    return { rows, more: false }
  }

  return {
    get size() {
      return ids.length
    },
    row: (id) => rowOf.get(id),
    id: (row) => ids[row] as StatementId,
    stored: (row) => storedAt[row] as Micros,
    isVoided: (row) => voided.has(row),
    add: (statements) => {
      for (const each of statements.map(derive)) addRow(each)
    },
    append: (statement) => {
      const derived = derive(statement)
      unsorted ??= new Set()
      addRow(derived)
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

/** Everything that can fail on something that is no statement is done here, before the index is touched. */
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

/** Whether the statement that has the id of another is that one, for who may know (`ownOnly` as in `StatementBatch`). */
export const isThere = (present: Statement, next: Statement, ownOnly: boolean): boolean =>
  sameStatement(present, next) && (!ownOnly || isOf(present, next.authority))

/**
 * Which statements of a batch are new, and which are there already (Data §2.3.1). `STATEMENT_CONFLICT` when an id
 * belongs to another statement: then nothing of the batch may be stored. `ownOnly` as in `StatementBatch`.
 */
export const separateKnown = <One extends { readonly id: StatementId; readonly statement: Statement }>(
  batch: readonly One[],
  statementOf: (id: StatementId) => Statement | undefined,
  ownOnly = false
): { readonly fresh: readonly One[]; readonly already: readonly StatementId[] } => {
  if (ownOnly) requireOwnTargets(batch, statementOf)
  const fresh = new Map<StatementId, One>()
  const already: StatementId[] = []
  for (const one of batch) {
    const present = fresh.get(one.id)?.statement ?? statementOf(one.id)
    if (present === undefined) fresh.set(one.id, one)
    else if (isThere(present, one.statement, ownOnly)) already.push(one.id)
    else {
      throw new RalphError('STATEMENT_CONFLICT', `Another statement has the id ${one.id}.`, { statementId: one.id })
    }
  }
  return { fresh: [...fresh.values()], already }
}
