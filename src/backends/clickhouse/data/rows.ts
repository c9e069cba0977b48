import type { Readable } from 'node:stream'
import type { ReadBatch, ReadOptions } from '../../../contracts/data-backend.ts'
import { RalphError } from '../../../errors.ts'
import { onOneLine } from '../../../json/exact.ts'
import { parseExactly } from '../../../json/parse-exactly.ts'
import type { Patience } from '../../../network/patience.ts'
import { readLines } from '../../../streams/lines.ts'
import type { Connection } from '../connect.ts'
import { translateError } from '../errors.ts'
import { asking } from './errors.ts'
import { type ClickhouseQuery, whereOf } from './query.ts'

interface Reader {
  open(): Promise<Connection>
  readonly patience: Patience
  readonly table: string
}

type Row = { readonly [column: string]: unknown }

const defaultChunkSize = 1000

const settings = {
  output_format_json_quote_64bit_integers: '0',
  date_time_output_format: 'iso'
}

const sqlOf = ({ select, where, sort, limit }: ClickhouseQuery, table: string): string =>
  `SELECT ${select.join(', ')} FROM ${table}${whereOf(where)}` +
  `${sort === undefined ? '' : `\nORDER BY ${sort}`}${limit === undefined ? '' : `\nLIMIT ${limit}`}\nFORMAT JSONEachRow`

/** An event is JSON already, and is printed as it is. */
const textOf = (column: string, value: unknown): string => {
  if (column === 'event' && typeof value === 'string' && value.startsWith('{')) return onOneLine(value)
  return JSON.stringify(value)
}

const lineOf = (row: Row, bare: boolean): string => {
  if (bare && typeof row.event === 'string') return onOneLine(row.event)
  return `{${Object.entries(row).map(([column, value]) => `${JSON.stringify(column)}:${textOf(column, value)}`)}}`
}

/** The columns of some rows, each with the list of its values. */
const columnsOf = (rows: readonly Row[]): string => {
  const names = Object.keys(rows[0] ?? {})
  const lists = names.map((name) => `${JSON.stringify(name)}:[${rows.map((row) => textOf(name, row[name]))}]`)
  return `{${lists}}`
}

/** A server that fails in the middle writes the reason in place of the next row. */
const rowOf = (line: string, url: string): Row => {
  try {
    // A row in the requested format.
    return parseExactly(line) as Row
  } catch (cause) {
    const message = `ClickHouse at ${url} stopped in the middle of its answer: ${line.slice(0, 500)}`
    throw new RalphError('STORE_UNAVAILABLE', message, {}, { cause })
  }
}

async function* chunksOf(answer: Readable, url: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer) yield chunk
  } catch (error) {
    signal?.throwIfAborted()
    throw translateError(error, url)
  } finally {
    answer.destroy()
  }
}

/** Reads one answer as a stream, with any columns in any order. */
export async function* readRowLines(
  { open, patience, table }: Reader,
  query: ClickhouseQuery,
  { chunkSize = defaultChunkSize, bare = false, signal }: ReadOptions
): AsyncGenerator<ReadBatch, void, undefined> {
  const options = { settings, ...(signal === undefined ? {} : { signal }) }
  const { url, answer } = await patience.run(
    () =>
      asking(async () => {
        const connection = await open()
        return { url: connection.url, answer: await connection.stream(sqlOf(query, table), query.parameters, options) }
      }, 'INVALID_QUERY'),
    signal
  )
  let rows: Row[] = []
  const take = (): ReadBatch => {
    const taken = rows
    rows = []
    return { lines: query.columnOriented ? [columnsOf(taken)] : taken.map((row) => lineOf(row, bare)) }
  }
  for await (const { lines } of readLines(chunksOf(answer, url, signal), { maxLineBytes: 2 ** 28 })) {
    for (const line of lines) {
      if (line === undefined || line === '') continue
      rows.push(rowOf(line, url))
      if (rows.length < chunkSize) continue
      yield take()
      signal?.throwIfAborted()
    }
    // What has arrived is passed on, unless the query is column-oriented.
    if (rows.length > 0 && !query.columnOriented) yield take()
    signal?.throwIfAborted()
  }
  if (rows.length > 0) yield take()
}
