import type { ReadOptions } from '../../../contracts/data-backend.ts'
import { onOneLine } from '../../../json/exact.ts'
import type { Patience } from '../../../network/patience.ts'
import type { Micros } from '../../../xapi/timestamp.ts'
import type { Connection } from '../connect.ts'
import { idLength, idOfBytes, uuidOfBytes } from '../keys.ts'
import { asking } from './errors.ts'
import { type ClickhouseQuery, parseClickhouseQuery, whereOf } from './query.ts'
import { readRowLines } from './rows.ts'

export interface ClickhouseReader {
  /** With the options that the server knows. */
  open(): Promise<Connection>
  readonly patience: Patience
  /** Quoted, with its database. */
  readonly table: string
}

/** Rows of the first page: nothing is known of their size. */
const firstPage = 100
const mostRows = 10_000
/** Bytes of a page, about: two of them are held. */
const pageBytes = 2_000_000

interface Key {
  readonly time: Micros
  readonly id: string
}

interface Page {
  readonly events: readonly string[]
  readonly last: Key | undefined
  readonly bytes: number
}

const after = '(emission_time, event_id) > (fromUnixTimestamp64Micro({ralph_time:Int64}), {ralph_id:UUID})'
// By itself this is what finds the place in the primary key.
const from = 'emission_time >= fromUnixTimestamp64Micro({ralph_time:Int64})'

const fetchPage = async (
  { open, patience, table }: ClickhouseReader,
  { where, parameters }: ClickhouseQuery,
  page: { readonly size: number; readonly key: Key | undefined; readonly signal: AbortSignal | undefined }
): Promise<Page> => {
  const { size, key, signal } = page
  const conditions = key === undefined ? where : [...where, from, after]
  const values = key === undefined ? parameters : { ...parameters, ralph_time: key.time, ralph_id: key.id }
  // Nothing forbids that two rows are alike in both: they come on one page.
  const sql = `SELECT toUnixTimestamp64Micro(emission_time), event_id, event FROM ${table}${whereOf(conditions)}
    ORDER BY emission_time, event_id LIMIT ${size} WITH TIES`
  const rows = await patience.run(
    () => asking(async () => (await open()).read(sql, values, signal === undefined ? {} : { signal }), 'INVALID_QUERY'),
    signal
  )
  const events: string[] = []
  let last: Key | undefined
  let bytes = 0
  while (rows.more()) {
    const time = rows.i64()
    const id = rows.fixed(idLength)
    const event = rows.bytes()
    bytes += event.length
    events.push(event.toString())
    if (!rows.more()) last = { time, id: idOfBytes(uuidOfBytes(id)) }
  }
  return { events, last, bytes }
}

const printed = (event: string): string => (event.includes('\n') || event.includes('\r') ? onOneLine(event) : event)

/** The column of Ralph's table as it is; anything else as text. */
export const eventLine = (event: string): string =>
  `{"event":${event.startsWith('{') ? printed(event) : JSON.stringify(event)}}`

async function* readPages(
  reader: ClickhouseReader,
  query: ClickhouseQuery,
  { chunkSize = mostRows, bare = false, signal }: ReadOptions
): AsyncGenerator<readonly string[], void, undefined> {
  let left = query.limit ?? Number.POSITIVE_INFINITY
  let size = Math.min(firstPage, chunkSize, left)
  let next = fetchPage(reader, query, { size, key: undefined, signal })
  try {
    for (;;) {
      const { events, last, bytes } = await next
      const some = events.length > left ? events.slice(0, left) : events
      left -= some.length
      const isLast = events.length < size || left <= 0 || last === undefined
      if (!isLast) {
        size = Math.max(
          1,
          Math.min(chunkSize, left, mostRows, Math.floor((pageBytes * events.length) / Math.max(bytes, 1)))
        )
        next = fetchPage(reader, query, { size, key: last, signal })
        // Awaited when the page was worked on.
        next.catch(() => {})
      }
      if (some.length > 0) yield some.map(bare ? printed : eventLine)
      signal?.throwIfAborted()
      if (isLast) return
    }
  } finally {
    await next.catch(() => {})
  }
}

const isPlain = ({ select, sort, columnOriented }: ClickhouseQuery): boolean =>
  select.length === 1 && select[0]?.trim() === 'event' && sort === undefined && !columnOriented

/**
 * Events in the order of the table, `{"event": {…}}` each, in pages: reading goes on where it was when the connection is
 * lost. What asks for other columns or another order is one answer, which is read as it comes.
 */
export async function* readTable(
  reader: ClickhouseReader,
  text: string | undefined,
  options: ReadOptions
): AsyncGenerator<readonly string[], void, undefined> {
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
  yield* isPlain(query) ? readPages(reader, query, options) : readRowLines(reader, query, options)
}
