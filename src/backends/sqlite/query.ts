import { setImmediate } from 'node:timers/promises'
import type { CallOptions, StatementPage, StoredStatement } from '../../contracts/statement-store.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Connection } from './connect.ts'
import { idOfBytes } from './id-bytes.ts'
import { alternativesOf } from './lean-terms.ts'
import { type Effort, intersect, type Place, type PlaceList, union } from './postings.ts'
import type { Sequence } from './sequence.ts'
import type { StatementIndex } from './statement-index.ts'
import type { TermIds } from './term-ids.ts'

/** Work after which a query lets others have the event loop: a millisecond or two. */
const maxEffort = 20_000
const maxRows = 256

/** A statement's row; without text when it is voided. */
type Row = readonly [stored: Micros, id: Uint8Array, text: string | null]

/** Rows of a query in its order, voided ones among them, read a few at a time. */
interface RowSource {
  next(count: number): { readonly rows: readonly Row[]; readonly ended: boolean }
}

interface Range {
  readonly ascending: boolean
  readonly from: Place
  readonly to: Place
}

/** Up to the latest statement there is, so that none that comes while the query rests is seen before an older one. */
const rangeOf = ({ ascending, since, until, after }: StatementQuery, latest: Micros): Range => {
  const oldest = (since ?? -1) + 1
  const newest = Math.min(until ?? latest, latest)
  return ascending
    ? { ascending, from: Math.max(oldest, after?.stored ?? 0), to: newest }
    : { ascending, from: -Math.min(newest, after?.stored ?? latest), to: -oldest }
}

/** Whether the page before ended with this statement, or would have ended after it. */
const isBefore = ({ id, stored }: StoredStatement, { after, ascending }: StatementQuery): boolean =>
  after !== undefined && stored === after.stored && (ascending ? id <= after.id : id >= after.id)

export type RunQuery = (query: StatementQuery, options?: CallOptions) => Promise<StatementPage>

export interface QueriedTables {
  readonly connection: Connection
  readonly sequence: Sequence
  readonly termIds: TermIds
  readonly index: StatementIndex
}

export const createQuery = ({ connection, sequence, termIds, index }: QueriedTables): RunQuery => {
  const columns = 'stored, statement.id, iif(voided, NULL, text)'
  const upwards = connection.prepare<[...Row]>(
    `SELECT ${columns} FROM statement WHERE stored BETWEEN ? AND ? ORDER BY stored LIMIT ?`
  )
  const downwards = connection.prepare<[...Row]>(
    `SELECT ${columns} FROM statement WHERE stored BETWEEN ? AND ? ORDER BY stored DESC LIMIT ?`
  )
  // CROSS JOIN keeps the order of the list.
  const listed = connection.prepare<[...Row]>(
    `SELECT ${columns} FROM json_each(?) CROSS JOIN statement ON stored = value`
  )

  const everything = ({ ascending, from, to }: Range): RowSource => {
    let place = from
    return {
      next: (count) => {
        const rows = ascending ? upwards.all(place, to, count) : downwards.all(-to, -place, count)
        const last = rows.at(-1)
        if (last) place = (ascending ? last[0] : -last[0]) + 1
        return { rows, ended: rows.length < count }
      }
    }
  }

  const matching = (lists: readonly PlaceList[], { ascending, from, to }: Range, effort: Effort): RowSource => {
    const matches = intersect(lists, from, to, effort)
    return {
      next: (count) => {
        effort.spent = 0
        const { places, ended } = matches.take(count, maxEffort)
        if (places.length === 0) return { rows: [], ended }
        const stored = ascending ? places : places.map((place) => -place)
        return { rows: listed.all(`[${stored.join()}]`), ended }
      }
    }
  }

  /** Undefined when a term occurs nowhere. */
  const sourceOf = (query: StatementQuery): RowSource | undefined => {
    const range = rangeOf(query, sequence.latest())
    const terms = termsOfQuery(query)
    if (terms.length === 0) return everything(range)
    const effort: Effort = { spent: 0 }
    const lists: PlaceList[] = []
    for (const term of terms) {
      const ids = alternativesOf(term).map(termIds.find)
      const open = ids.flatMap((id) => (id === undefined ? [] : [index.open(id, range.ascending, effort)]))
      if (open.length === 0) return undefined
      lists.push(union(open))
    }
    return matching(lists, range, effort)
  }

  return async (query, options = {}) => {
    const source = sourceOf(query)
    if (!source) return { statements: [], more: false }
    const statements: StoredStatement[] = []
    // One tells whether more follow, one is where the page before ended.
    const wanted = query.limit + 2
    for (;;) {
      const { rows, ended } = source.next(Math.min(wanted - statements.length, maxRows))
      for (const [stored, id, text] of rows) {
        if (text === null) continue
        const statement = { id: idOfBytes(id), stored, text }
        if (isBefore(statement, query)) continue
        if (statements.length === query.limit) return { statements, more: true }
        statements.push(statement)
      }
      if (ended) return { statements, more: false }
      await setImmediate()
      options.signal?.throwIfAborted()
    }
  }
}
