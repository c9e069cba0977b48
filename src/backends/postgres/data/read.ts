import type { ReadBatch, ReadOptions } from '../../../contracts/data-backend.ts'
import { RalphError } from '../../../errors.ts'
import { onOneLine } from '../../../json/exact.ts'
import type { Patience } from '../../../network/patience.ts'
import { type RecordPage, readPages } from '../../../records/read-pages.ts'
import { limitOfLrs, type RecordsQuery } from '../../../records/rows.ts'
import type { Position } from '../../../xapi/filters.ts'
import { formatMicros } from '../../../xapi/timestamp.ts'
import { createStatementReader } from '../copy.ts'
import { prepare, type Query, type Value } from '../query-text.ts'
import { type Asked, stateIn } from './errors.ts'
import type { RecordTable } from './table.ts'

/** The limits of a page: rows, and bytes on disk. Long records are compressed there. */
const mostRows = 1000
const pageBytes = 1_000_000

type Row = readonly [time: string, id: string, record: string | null]

const selectPage = (
  { sql }: RecordTable,
  { ids, since, until, descending }: RecordsQuery,
  size: number,
  last: Row | undefined
): Query<Row> => {
  const values: Value[] = []
  const value = (each: Value): string => `$${values.push(each)}`
  const conditions: string[] = []
  const [than, direction] = descending ? ['<', ' DESC'] : ['>', '']
  if (ids !== undefined) conditions.push(`id IN (${ids.map(value)})`)
  if (since !== undefined) conditions.push(`"timestamp" > ${value(formatMicros(since))}::timestamptz`)
  if (until !== undefined) conditions.push(`"timestamp" <= ${value(formatMicros(until))}::timestamptz`)
  if (last !== undefined)
    conditions.push(`("timestamp", id) ${than} (${value(last[0])}::timestamptz, ${value(last[1])})`)
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const order = `ORDER BY "timestamp"${direction}, id${direction}`
  // The length of a text is known without reading it, so a text beyond the size of the page is not read.
  const text = `
    SELECT "timestamp"::text, id, CASE WHEN place = 1 OR size <= ${pageBytes} THEN record::text END
    FROM (
      SELECT "timestamp", id, record, row_number() OVER page AS place, sum(pg_column_size(record)) OVER page AS size
      FROM (SELECT "timestamp", id, record FROM ${sql} ${where} ${order} LIMIT ${size}) AS found
      WINDOW page AS (${order} ROWS UNBOUNDED PRECEDING)
    ) AS page ${order}`
  return { name: undefined, text, values }
}

export interface RecordReader {
  readonly database: Asked
  readonly patience: Patience
}

/** Yields records in the order of their times, in pages. When the connection is lost, the read continues where it was. */
export async function* readTable(
  { database, patience }: RecordReader,
  table: RecordTable,
  query: RecordsQuery,
  { chunkSize = mostRows, signal, onTotal }: ReadOptions
): AsyncGenerator<ReadBatch, void, undefined> {
  const options = signal === undefined ? {} : { signal }
  if (onTotal !== undefined && query.ids === undefined && query.since === undefined && query.until === undefined) {
    const count = { name: undefined, text: `SELECT count(*) FROM ${table.sql}`, values: [] } as Query<[number]>
    const [row] = await patience.run(() => database.read(count, options), signal)
    if (row !== undefined) onTotal({ records: Math.min(row[0], query.limit ?? row[0]) })
  }
  const fetchPage = async (size: number, after: Row | undefined, stop: AbortSignal): Promise<RecordPage<Row>> => {
    const rows = await patience.run(() => database.read(selectPage(table, query, size, after), { signal: stop }), stop)
    const lines: string[] = []
    for (const [, , record] of rows) {
      if (record === null) break
      lines.push(onOneLine(record))
    }
    const isLast = rows.length < size && lines.length === rows.length
    return { lines, last: isLast ? undefined : rows[lines.length - 1] }
  }
  yield* readPages(fetchPage, { limit: query.limit, most: Math.min(chunkSize, mostRows), signal })
}

const numberOf = prepare<[number: number]>('lrs_target', 'SELECT number FROM target WHERE name = $1')

const isMissing = (error: unknown): boolean => ['42P01', '3F000'].includes(stateIn(error))

/** Yields all statements that our LRS keeps in the schema, voided ones too, in the order of `stored`. */
export async function* readLrs(
  { database, patience }: RecordReader,
  name: string | undefined,
  query: RecordsQuery,
  { chunkSize = 1000, signal }: ReadOptions
): AsyncGenerator<ReadBatch, void, undefined> {
  const options = signal === undefined ? {} : { signal }
  const limit = limitOfLrs(query)
  const found = await patience
    .run(() => database.read(numberOf(name ?? ''), options), signal)
    .catch((error: unknown) => {
      if (isMissing(error)) return []
      throw error
    })
  const [row] = found
  if (row === undefined) {
    const what = name === undefined ? 'no LRS' : `no target ${JSON.stringify(name)} of an LRS`
    throw new RalphError('NOT_FOUND', `the schema "${database.place.schema}" of PostgreSQL has ${what}`)
  }
  const read = createStatementReader(database, row[0])
  const fetchPage = async (size: number, after: Position | undefined, stop: AbortSignal) => {
    const { statements, more } = await patience.run(() => read(after, size, { signal: stop }), stop)
    return { lines: statements.map(({ text }) => onOneLine(text)), last: more ? statements.at(-1) : undefined }
  }
  yield* readPages(fetchPage, { limit, most: chunkSize, signal })
}
