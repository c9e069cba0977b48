import type { ReadOptions } from '../../../contracts/data-backend.ts'
import { RalphError } from '../../../errors.ts'
import { onOneLine } from '../../../json/exact.ts'
import type { Patience } from '../../../network/patience.ts'
import { limitOfLrs, type RecordsQuery } from '../../../records/rows.ts'
import { formatMicros } from '../../../xapi/timestamp.ts'
import { createStatementReader } from '../copy.ts'
import { prepare, type Query, type Value } from '../query-text.ts'
import { type Asked, stateIn } from './errors.ts'
import type { RecordTable } from './table.ts'

/** Rows of a page, and its bytes on disk, where long records are compressed. */
const mostRows = 1000
const pageBytes = 1_000_000

type Row = readonly [time: string, id: string, record: string | null]

const printed = (text: string): string => (text.includes('\n') || text.includes('\r') ? onOneLine(text) : text)

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
  // The length of a text is known without reading it: what is beyond the size of a page is not.
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

/** Records in the order of their times, in pages: reading goes on where it was when the connection is lost. */
export async function* readTable(
  { database, patience }: RecordReader,
  table: RecordTable,
  query: RecordsQuery,
  { chunkSize = mostRows, signal, onTotal }: ReadOptions
): AsyncGenerator<readonly string[], void, undefined> {
  const options = signal === undefined ? {} : { signal }
  let left = query.limit ?? Number.POSITIVE_INFINITY
  const fetch = (size: number, last: Row | undefined): Promise<readonly Row[]> =>
    patience.run(() => database.read(selectPage(table, query, size, last), options), signal)

  if (onTotal !== undefined && query.ids === undefined && query.since === undefined && query.until === undefined) {
    const count = { name: undefined, text: `SELECT count(*) FROM ${table.sql}`, values: [] } as Query<[number]>
    const [row] = await patience.run(() => database.read(count, options), signal)
    if (row !== undefined) onTotal({ records: Math.min(row[0], left) })
  }
  let size = Math.min(chunkSize, mostRows, left)
  let next = fetch(size, undefined)
  try {
    for (;;) {
      const rows = await next
      const lines: string[] = []
      let last: Row | undefined
      for (const row of rows) {
        if (row[2] === null) break
        lines.push(printed(row[2]))
        last = row
      }
      left -= lines.length
      const isLast = rows.length < size && lines.length === rows.length
      const ends = isLast || left <= 0 || last === undefined
      if (!ends) {
        size = Math.min(chunkSize, mostRows, left)
        next = fetch(size, last)
        // Awaited when the page was worked on.
        next.catch(() => {})
      }
      if (lines.length > 0) yield lines
      signal?.throwIfAborted()
      if (ends) return
    }
  } finally {
    await next.catch(() => {})
  }
}

const numberOf = prepare<[number: number]>('lrs_target', 'SELECT number FROM target WHERE name = $1')

const isMissing = (error: unknown): boolean => ['42P01', '3F000'].includes(stateIn(error))

/** All statements that an LRS of ours keeps in the schema, voided ones too, in the order of `stored`. */
export async function* readLrs(
  { database, patience }: RecordReader,
  name: string | undefined,
  query: RecordsQuery,
  { chunkSize = 1000, signal }: ReadOptions
): AsyncGenerator<readonly string[], void, undefined> {
  const options = signal === undefined ? {} : { signal }
  let left = limitOfLrs(query)
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
  let after: Parameters<typeof read>[0]
  while (left > 0) {
    const page = await patience.run(() => read(after, Math.min(chunkSize, left), options), signal)
    const last = page.statements.at(-1)
    if (last === undefined) return
    after = { stored: last.stored, id: last.id }
    left -= page.statements.length
    yield page.statements.map(({ text }) => printed(text))
    signal?.throwIfAborted()
    if (!page.more) return
  }
}
