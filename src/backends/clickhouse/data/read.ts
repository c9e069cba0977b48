import type { ReadBatch, ReadOptions } from '../../../contracts/data-backend.ts'
import { onOneLine } from '../../../json/exact.ts'
import type { Patience } from '../../../network/patience.ts'
import { type RecordPage, readPages } from '../../../records/read-pages.ts'
import type { Micros } from '../../../xapi/timestamp.ts'
import type { Connection } from '../connect.ts'
import { idLength, idOfBytes, uuidOfBytes } from '../keys.ts'
import { asking } from './errors.ts'
import { type ClickhouseQuery, parseClickhouseQuery, whereOf } from './query.ts'
import { readRowLines } from './rows.ts'

export interface ClickhouseReader {
  /** Opens the connection, with the options that the server knows. */
  open(): Promise<Connection>
  readonly patience: Patience
  /** Quoted, with its database. */
  readonly table: string
}

/** Rows of the first page, because the size of rows is not yet known. */
const firstPage = 100
const mostRows = 10_000
/** The approximate size of a page, in bytes. */
const pageBytes = 2_000_000

interface Key {
  readonly time: Micros
  readonly id: string
}

const after = '(emission_time, event_id) > (fromUnixTimestamp64Micro({ralph_time:Int64}), {ralph_id:UUID})'
// This condition alone finds the position in the primary key.
const from = 'emission_time >= fromUnixTimestamp64Micro({ralph_time:Int64})'

const fetchPage = async (
  { open, patience, table }: ClickhouseReader,
  { where, parameters }: ClickhouseQuery,
  bare: boolean,
  size: number,
  key: Key | undefined,
  signal: AbortSignal
): Promise<RecordPage<Key>> => {
  const conditions = key === undefined ? where : [...where, from, after]
  const values = key === undefined ? parameters : { ...parameters, ralph_time: key.time, ralph_id: key.id }
  // Two rows may have the same time and id. They come on one page.
  const sql = `SELECT toUnixTimestamp64Micro(emission_time), event_id, event FROM ${table}${whereOf(conditions)}
    ORDER BY emission_time, event_id LIMIT ${size} WITH TIES`
  const rows = await patience.run(
    () => asking(async () => (await open()).read(sql, values, { signal }), 'INVALID_QUERY'),
    signal
  )
  const lines: string[] = []
  const lineOf = bare ? onOneLine : eventLine
  let last: Key | undefined
  let bytes = 0
  while (rows.more()) {
    const time = rows.i64()
    const id = rows.fixed(idLength)
    const event = rows.bytes()
    bytes += event.length
    lines.push(lineOf(event.toString()))
    if (!rows.more()) last = { time, id: idOfBytes(uuidOfBytes(id)) }
  }
  return { lines, last: lines.length < size ? undefined : last, bytes }
}

/** Prints the column of the event table as it is, and any other value as text. */
export const eventLine = (event: string): string =>
  `{"event":${event.startsWith('{') ? onOneLine(event) : JSON.stringify(event)}}`

const isPlain = ({ select, sort, columnOriented }: ClickhouseQuery): boolean =>
  select.length === 1 && select[0]?.trim() === 'event' && sort === undefined && !columnOriented

/**
 * Yields events in the order of the table, `{"event": {…}}` each, in pages. When the connection is lost, the read continues where it was. A
 * query with other columns or another order is one answer, which is read as a stream.
 */
export async function* readTable(
  reader: ClickhouseReader,
  text: string | undefined,
  options: ReadOptions
): AsyncGenerator<ReadBatch, void, undefined> {
  const query = parseClickhouseQuery(text)
  const { signal, onTotal } = options
  if (onTotal !== undefined && isPlain(query)) {
    const sql = `SELECT toInt64(count()) FROM ${reader.table}${whereOf(query.where)}`
    const rows = await reader.patience.run(
      () => asking(async () => (await reader.open()).read(sql, query.parameters), 'INVALID_QUERY'),
      signal
    )
    onTotal({ records: Math.min(rows.i64(), query.limit ?? Number.POSITIVE_INFINITY) })
  }
  if (!isPlain(query)) return yield* readRowLines(reader, query, options)
  const { chunkSize = mostRows, bare = false } = options
  yield* readPages((size, key: Key | undefined, stop) => fetchPage(reader, query, bare, size, key, stop), {
    limit: query.limit,
    first: firstPage,
    most: Math.min(chunkSize, mostRows),
    pageBytes,
    signal
  })
}
