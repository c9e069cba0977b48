import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { ReadOptions } from '../../../contracts/data-backend.ts'
import { onOneLine } from '../../../json/exact.ts'
import { limitOfLrs, type RecordsQuery } from '../../../records/rows.ts'
import type { Micros } from '../../../xapi/timestamp.ts'
import { translating } from '../errors.ts'
import { asArrays, quoted } from './file.ts'

/** Rows of a page, and its characters, about. */
const mostRows = 1000
const pageCharacters = 2_000_000

type Row = readonly [time: Micros, id: string, record: string]

const printed = (text: string): string => (text.includes('\n') || text.includes('\r') ? onOneLine(text) : text)

/** As many rows as make a page; no read transaction is open when it returns. */
const readPage = <Each extends readonly unknown[]>(
  database: DatabaseSync,
  sql: string,
  values: readonly SQLInputValue[],
  textOf: (row: Each) => string
): { readonly rows: readonly Each[]; readonly isFull: boolean } => {
  const rows: Each[] = []
  let characters = 0
  for (const each of asArrays(database.prepare(sql)).iterate(...values)) {
    // The columns are those of the SQL.
    const row = each as unknown as Each
    rows.push(row)
    characters += textOf(row).length
    if (characters > pageCharacters) return { rows, isFull: true }
  }
  return { rows, isFull: false }
}

/** Records in the order of their times, in pages. */
export function* readTable(
  { database, file }: { readonly database: DatabaseSync; readonly file: string },
  table: string,
  query: RecordsQuery,
  { chunkSize = mostRows, signal, onTotal }: ReadOptions
): Generator<readonly string[], void, undefined> {
  const { ids, since, until, limit, descending } = query
  const conditions: string[] = []
  const values: SQLInputValue[] = []
  const add = (condition: string, ...some: readonly SQLInputValue[]): void => {
    conditions.push(condition)
    values.push(...some)
  }
  if (ids !== undefined) add(`id IN (${ids.map(() => '?')})`, ...ids)
  if (since !== undefined) add('timestamp > ?', since)
  if (until !== undefined) add('timestamp <= ?', until)
  const [than, direction] = descending ? ['<', ' DESC'] : ['>', '']
  const sqlOf = (after: string): string => {
    const all = [...conditions, ...(after === '' ? [] : [after])]
    const where = all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`
    return `SELECT timestamp, id, record FROM ${quoted(table)} ${where}
      ORDER BY timestamp${direction}, id${direction} LIMIT ?`
  }
  const [firstSql, nextSql] = [sqlOf(''), sqlOf(`(timestamp, id) ${than} (?, ?)`)]

  let left = limit ?? Number.POSITIVE_INFINITY
  if (onTotal !== undefined && conditions.length === 0) {
    const row = translating(file, () => database.prepare(`SELECT count(*) AS count FROM ${quoted(table)}`).get())
    onTotal({ records: Math.min(Number(row?.count), left) })
  }
  let last: Row | undefined
  while (left > 0) {
    const size = Math.min(chunkSize, mostRows, left)
    const given = last === undefined ? [...values, size] : [...values, last[0], last[1], size]
    const sql = last === undefined ? firstSql : nextSql
    const { rows, isFull } = translating(file, () => readPage<Row>(database, sql, given, ([, , record]) => record))
    last = rows.at(-1)
    left -= rows.length
    if (rows.length > 0) yield rows.map(([, , record]) => printed(record))
    signal?.throwIfAborted()
    if (last === undefined || (rows.length < size && !isFull)) return
  }
}

/** All statements that an LRS of ours keeps in a file, voided ones too, in the order of `stored`. It may be running. */
export function* readLrs(
  { database, file }: { readonly database: DatabaseSync; readonly file: string },
  query: RecordsQuery,
  { chunkSize = mostRows, signal }: ReadOptions
): Generator<readonly string[], void, undefined> {
  let left = limitOfLrs(query)
  let last: Micros = noStatement
  while (left > 0) {
    const size = Math.min(chunkSize, mostRows, left)
    const sql = 'SELECT stored, text FROM statement WHERE stored > ? ORDER BY stored LIMIT ?'
    const after = last
    const { rows, isFull } = translating(file, () =>
      readPage<readonly [stored: Micros, text: string]>(database, sql, [after, size], ([, text]) => text)
    )
    last = rows.at(-1)?.[0] ?? last
    left -= rows.length
    if (rows.length > 0) yield rows.map(([, text]) => printed(text))
    signal?.throwIfAborted()
    if (rows.length < size && !isFull) return
  }
}

/** Before every `stored`. */
const noStatement: Micros = -1
