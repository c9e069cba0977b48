import { setImmediate } from 'node:timers/promises'
import type {
  CallOptions,
  PageFrame,
  StatementPage,
  StoredStatement,
  TextPage
} from '../../contracts/statement-store.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import type { PageCache } from '../../storage/page-cache.ts'
import { fitting, maxPageSize, type StatementQuery } from '../../xapi/filters.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { alternativesOf } from './compact-terms.ts'
import type { Connection } from './connect.ts'
import { idOfBytes } from './id-bytes.ts'
import type { IndexTables } from './index-tables.ts'
import { type Effort, intersect, type PlaceInOrder, type PlaceList, union } from './postings.ts'
import type { StatementRevision } from './revision.ts'
import type { TermIds } from './term-ids.ts'

/** The work after which a query lets other requests run: a millisecond or two. */
const maxEffort = 20_000
const maxMatches = 256

/** A statement that matches, voided or not. */
type Match = readonly [stored: Micros, voided: number, length: number]
type Row = readonly [stored: Micros, id: Uint8Array, text: string]

const storedStatement = ([stored, id, text]: Row): StoredStatement => ({ id: idOfBytes(id), stored, text })

/** The matches of a query in its order, found a few at a time. */
interface Matches {
  next(count: number): { readonly matches: readonly Match[]; readonly ended: boolean }
}

interface Range {
  readonly ascending: boolean
  readonly from: PlaceInOrder
  readonly to: PlaceInOrder
}

/** Ends at the latest existing statement. So a statement that arrives while the query pauses is not seen before an older one. */
const rangeOf = ({ ascending, since, until, after }: StatementQuery, latest: Micros): Range => {
  const oldest = (since ?? -1) + 1
  const newest = Math.min(until ?? latest, latest)
  return ascending
    ? { ascending, from: Math.max(oldest, after?.stored ?? 0), to: newest }
    : { ascending, from: -Math.min(newest, after?.stored ?? latest), to: -oldest }
}

export interface Queries {
  findAll(ids: readonly StatementId[]): StatementPage
  query(query: StatementQuery, options?: CallOptions): Promise<StatementPage>
  queryText(query: StatementQuery, frame: PageFrame, options?: CallOptions): Promise<TextPage>
}

export interface QueriedTables {
  readonly connection: Connection
  readonly times: Pick<IncreasingClock, 'latest'>
  readonly termIds: TermIds
  readonly index: IndexTables
  readonly pages: PageCache
  readonly revision: StatementRevision
}

/** The statements of SQL that queries run. */
const prepareReads = (connection: Connection) => {
  const match = 'SELECT stored, voided, octet_length(text)'
  // CROSS JOIN keeps the order of the list.
  const listed = 'json_each(?) CROSS JOIN statement ON stored = value'
  return {
    upwards: connection.prepare<[...Match]>(
      `${match} FROM statement WHERE stored BETWEEN ? AND ? ORDER BY stored LIMIT ?`
    ),
    downwards: connection.prepare<[...Match]>(
      `${match} FROM statement WHERE stored BETWEEN ? AND ? ORDER BY stored DESC LIMIT ?`
    ),
    matchesAt: connection.prepare<[...Match]>(`${match} FROM ${listed}`),
    // Leaves out statements that were voided after they were found.
    validRowsAt: connection.prepare<[...Row]>(`SELECT stored, statement.id, text FROM ${listed} WHERE voided = 0`),
    rowsAt: connection.prepare<[...Row]>(`SELECT stored, statement.id, text FROM ${listed}`),
    // SQLite joins the texts into one. Converting them one by one costs twice as much.
    textAt: connection.prepare<[text: Uint8Array]>(
      `SELECT CAST(?2 || ifnull(group_concat(text, ','), '') || ?3 AS BLOB)
       FROM (SELECT text FROM json_each(?1) CROSS JOIN statement ON stored = value WHERE voided = 0)`
    ),
    idAt: connection.prepare<[id: Uint8Array]>('SELECT id FROM statement WHERE stored = ?')
  }
}

/** The matches of a query without filters. */
const everything = (
  { upwards, downwards }: Pick<ReturnType<typeof prepareReads>, 'upwards' | 'downwards'>,
  { ascending, from, to }: Range
): Matches => {
  let place = from
  return {
    next: (count) => {
      const matches = ascending ? upwards.all(place, to, count) : downwards.all(-to, -place, count)
      const last = matches.at(-1)
      if (last) place = (ascending ? last[0] : -last[0]) + 1
      return { matches, ended: matches.length < count }
    }
  }
}

export const createQueries = ({ connection, times, termIds, index, pages, revision }: QueriedTables): Queries => {
  const prepared = prepareReads(connection)
  const { matchesAt, validRowsAt, rowsAt, textAt, idAt } = prepared

  const idOf = (stored: Micros): StatementId => {
    const row = idAt.get(stored)
    return row === undefined ? '' : idOfBytes(row[0])
  }

  const matching = (lists: readonly PlaceList[], { ascending, from, to }: Range, effort: Effort): Matches => {
    const common = intersect(lists, from, to, effort)
    return {
      next: (count) => {
        effort.spent = 0
        const { places, ended } = common.take(count, maxEffort)
        if (places.length === 0) return { matches: [], ended }
        const stored = ascending ? places : places.map((place) => -place)
        return { matches: matchesAt.all(`[${stored.join()}]`), ended }
      }
    }
  }

  /** Undefined when a term occurs nowhere. */
  const matchesOf = (query: StatementQuery): Matches | undefined => {
    const range = rangeOf(query, times.latest())
    const terms = termsOfQuery(query)
    if (terms.length === 0) return everything(prepared, range)
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

  /** Whether this statement belongs to the page before, or precedes its end. */
  const isBefore = (stored: Micros, { after, ascending }: StatementQuery): boolean => {
    if (after?.stored !== stored) return false
    const id = idOf(stored)
    return ascending ? id <= after.id : id >= after.id
  }

  /** The `stored` values of the page, in its order. */
  const find = async (query: StatementQuery, { signal }: CallOptions): Promise<{ stored: Micros[]; more: boolean }> => {
    const source = matchesOf(query)
    if (!source) return { stored: [], more: false }
    const stored: Micros[] = []
    let size = 0
    // One more tells whether more follow, and one is the end of the page before.
    const wanted = query.limit + 2
    for (;;) {
      const { matches, ended } = source.next(Math.min(wanted - stored.length, maxMatches))
      for (const [each, voided, length] of matches) {
        if (voided === 1 || isBefore(each, query)) continue
        size += length
        if (stored.length === query.limit || (size > maxPageSize && stored.length > 0)) return { stored, more: true }
        stored.push(each)
      }
      if (ended) return { stored, more: false }
      await setImmediate()
      signal?.throwIfAborted()
    }
  }

  return {
    findAll: (ids) => {
      const places = [...new Set(ids)].flatMap((id) => index.find(id) ?? [])
      const count = fitting(matchesAt.all(`[${places.join()}]`).map(([, , length]) => length))
      const rows = rowsAt.all(`[${places.slice(0, count).join()}]`)
      return { statements: rows.map(storedStatement), more: count < places.length }
    },
    query: async (query, options = {}) => {
      const { stored, more } = await find(query, options)
      return { statements: validRowsAt.all(`[${stored.join()}]`).map(storedStatement), more }
    },
    queryText: (query, frame, options = {}) =>
      pages.get(query, frame, {
        revision: revision.now,
        read: async () => {
          const { stored, more } = await find(query, options)
          const last = stored.at(-1)
          const end = more && last !== undefined ? { stored: last, id: idOf(last) } : undefined
          const json = textAt.get(`[${stored.join()}]`, frame.before, frame.after(end))?.[0] ?? new Uint8Array()
          return { json, count: stored.length, newest: query.ascending ? last : stored[0], end }
        }
      })
  }
}
