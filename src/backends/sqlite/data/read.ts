import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { ReadBatch, ReadOptions } from '../../../contracts/data-backend.ts'
import { onOneLine } from '../../../json/exact.ts'
import { type RecordPage, readPages } from '../../../records/read-pages.ts'
import { limitOfLrs, type RecordsQuery } from '../../../records/rows.ts'
import type { Micros } from '../../../xapi/timestamp.ts'
import { translating } from '../errors.ts'
import { asArrays, quoted } from './file.ts'

/** The approximate limits of a page: rows and characters. */
const mostRows = 1000
const pageCharacters = 2_000_000

type Row = readonly [time: Micros, id: string, record: string]

type LrsRow = readonly [stored: Micros, text: string]

/** Before every `stored`. */
const noStatement: Micros = -1

/** Reads the rows of one page. No read transaction is open when it returns. */
const readPage = <Each extends readonly unknown[]>(
  database: DatabaseSync,
  sql: string,
  values: readonly SQLInputValue[],
  size: number,
  textOf: (row: Each) => string
): RecordPage<Each> => {
  const lines: string[] = []
  let last: Each | undefined
  let characters = 0
  for (const each of asArrays(database.prepare(sql)).iterate(...values, size)) {
    // The columns are those of the SQL.
    const row = each as unknown as Each
    const text = textOf(row)
    lines.push(onOneLine(text))
    last = row
    characters += text.length
    if (characters > pageCharacters) return { lines, last }
  }
  return { lines, last: lines.length < size ? undefined : last }
}

/** Yields records in the order of their times, in pages. */
export async function* readTable(
  { database, file }: { readonly database: DatabaseSync; readonly file: string },
  table: string,
  query: RecordsQuery,
  { chunkSize = mostRows, signal, onTotal }: ReadOptions
): AsyncGenerator<ReadBatch, void, undefined> {
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

  if (onTotal !== undefined && conditions.length === 0) {
    const row = translating(file, () => database.prepare(`SELECT count(*) AS count FROM ${quoted(table)}`).get())
    onTotal({ records: Math.min(Number(row?.count), limit ?? Number.POSITIVE_INFINITY) })
  }
  const fetchPage = async (size: number, after: Row | undefined): Promise<RecordPage<Row>> => {
    const [sql, given] = after === undefined ? [firstSql, values] : [nextSql, [...values, after[0], after[1]]]
    return translating(file, () => readPage<Row>(database, sql, given, size, ([, , record]) => record))
  }
  yield* readPages(fetchPage, { limit, most: Math.min(chunkSize, mostRows), signal })
}

/** Yields all statements that our LRS keeps in a file, voided ones too, in the order of `stored`. The LRS may be running. */
export async function* readLrs(
  { database, file }: { readonly database: DatabaseSync; readonly file: string },
  query: RecordsQuery,
  { chunkSize = mostRows, signal }: ReadOptions
): AsyncGenerator<ReadBatch, void, undefined> {
  const limit = limitOfLrs(query)
  const sql = 'SELECT stored, text FROM statement WHERE stored > ? ORDER BY stored LIMIT ?'
  const fetchPage = async (size: number, after: LrsRow | undefined): Promise<RecordPage<LrsRow>> =>
    translating(file, () => readPage<LrsRow>(database, sql, [after?.[0] ?? noStatement], size, ([, text]) => text))
  yield* readPages(fetchPage, { limit, most: Math.min(chunkSize, mostRows), signal })
}
