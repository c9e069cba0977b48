import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { defaultTimeout } from '../../network/time-limit.ts'
import { storeClosed } from '../../storage/closed.ts'
import { type ClientOptions, impliedOptions } from './client-options.ts'
import { translateError, unansweredBy } from './errors.ts'
import type { ServerAddress } from './names.ts'
import { lengthOf, type RowReader, type Rows, readRows } from './row-binary.ts'

/**
 * Values for the parameters of a query, `{name:Type}` in it: short ones, they are in the URL. Text that is not ours goes
 * as hexadecimal digits.
 */
export type QueryParameters = Readonly<Record<string, unknown>>

export interface QueryOptions extends CallOptions {
  readonly settings?: ClientOptions
  readonly given?: Given
}

/** Rows that come with a question: a table `given` in it. Of any length, as parameters are not. */
export interface Given {
  /** Names and types. */
  readonly columns: string
  readonly rows: Rows
}

/**
 * Requests to one server. All reject with a `RalphError`, or with the reason of the signal; nothing that the driver
 * throws comes out.
 */
export interface Connection {
  readonly url: string
  /** What the ids of all queries of this connection begin with. */
  readonly queryPrefix: string
  /** Runs a query and gives its result. Whole: nothing comes when the query fails half-way. */
  read(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<RowReader>
  /**
   * Runs a query, FORMAT and all, and gives its result as it comes, however long it is. What fails half-way is told by
   * the stream, in the words of the driver.
   */
  stream(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<Readable>
  /**
   * One block of rows, in one part of the table when it resolves: all of them or none. `into` is what comes behind
   * INSERT INTO. `own` are options that are stronger than those which make it so.
   */
  insert(into: string, rows: Rows, parameters?: QueryParameters, own?: ClientOptions): Promise<void>
  /** Anything without a result, which may take minutes: it changes tables, or copies rows. */
  run(sql: string, parameters?: QueryParameters): Promise<void>
  /** Anything without a result. */
  tell(sql: string, parameters?: QueryParameters): Promise<void>
  /** Resolves when no insert that failed is still under way: an answer may be lost although the insert goes on. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** Milliseconds without an answer after which a request is given up that may take minutes. */
const patient = 600_000

/** Idle for longer, servers before 23.11 close a connection. */
const idleTimeout = 2500

const readSettings = {
  // The answer is complete or it is an error; and who is no longer listened to stops.
  wait_end_of_query: '1',
  cancel_http_readonly_queries_on_client_close: '1'
}

const streamSettings = { cancel_http_readonly_queries_on_client_close: '1' }

const insertSettings = {
  // The batches are the batches: what is answered is on the disk.
  async_insert: '0',
  wait_end_of_query: '1',
  // One block, whatever its size: it is one part, which is there or not.
  max_insert_block_size: '100000000',
  min_insert_block_size_rows: '0',
  min_insert_block_size_bytes: '0'
}

const runSettings = { wait_end_of_query: '1', mutations_sync: '2' }

/** No content has it. */
const boundary = `ralph-${randomUUID()}`
const formType = `multipart/form-data; boundary=${boundary}`

const formOf = ({ rows }: Given): Rows => [
  Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="given"; filename="given"\r\n\r\n`),
  ...rows,
  Buffer.from(`\r\n--${boundary}--\r\n`)
]

const givenSettings = ({ columns }: Given): ClientOptions => ({
  given_structure: columns,
  given_format: 'RowBinary'
})

const open = ({ url, username, password }: ServerAddress, timeout: number) =>
  createClient({
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    application: 'ralph',
    request_timeout: timeout,
    max_open_connections: 32,
    keep_alive: { enabled: true, idle_socket_ttl: idleTimeout },
    log: { level: ClickHouseLogLevel.OFF }
  })

/** All bytes of an answer. `stream/consumers` makes a Blob of them first: 60 MB kept others waiting four times as long. */
const whole = async (stream: Readable): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** `options`: undefined: those of document 000 that the server knows. Does not ask the server for anything. */
export const connect = (
  address: ServerAddress,
  timeout = defaultTimeout
): Connection & { use(options: ClientOptions): void } => {
  const clients = { read: open(address, timeout), run: open(address, Math.max(timeout, patient)) }
  const queryPrefix = `ralph-${randomUUID()}`
  let options: ClientOptions = {}
  let queries = 0
  let isClosed = false
  /** Ids of inserts that failed in some other way than by the word of the server. */
  const doubtful = new Set<string>()

  const request = async <Result>(
    client: keyof typeof clients,
    sql: string,
    settings: ClientOptions,
    receive: (answer: Readable) => Promise<Result>,
    rest: {
      readonly parameters?: QueryParameters
      readonly body?: Rows
      readonly contentType?: string
      readonly signal?: AbortSignal | undefined
    }
  ): Promise<Result> => {
    const { parameters, body, contentType = 'application/octet-stream', signal } = rest
    signal?.throwIfAborted()
    if (isClosed) throw storeClosed()
    queries += 1
    const id = `${queryPrefix}-${queries}`
    try {
      const { stream } = await clients[client].exec({
        query: sql,
        query_id: id,
        clickhouse_settings: { ...options, ...settings },
        ...(parameters === undefined ? {} : { query_params: parameters }),
        ...(signal === undefined ? {} : { abort_signal: signal }),
        // With its length: a body that was cut off is told from a whole one.
        ...(body === undefined
          ? {}
          : {
              values: Readable.from(body),
              http_headers: { 'Content-Type': contentType, 'Content-Length': String(lengthOf(body)) }
            })
      })
      return await receive(stream)
    } catch (error) {
      signal?.throwIfAborted()
      if (sql.startsWith('INSERT') && !(error instanceof ClickHouseError)) doubtful.add(id)
      throw translateError(error, address.url)
    }
  }

  const run = async (sql: string, parameters: QueryParameters = {}): Promise<void> => {
    await request('run', sql, runSettings, whole, { parameters })
  }

  const tell = async (sql: string, parameters: QueryParameters = {}): Promise<void> => {
    await request('read', sql, runSettings, whole, { parameters })
  }

  return {
    url: address.url,
    queryPrefix,
    use: (chosen) => {
      options = chosen
    },
    read: async (sql, parameters = {}, { signal, settings, given } = {}) => {
      const all = { ...readSettings, ...settings, ...(given === undefined ? {} : givenSettings(given)) }
      const body = given === undefined ? {} : { body: formOf(given), contentType: formType }
      return readRows(await request('read', `${sql} FORMAT RowBinary`, all, whole, { parameters, signal, ...body }))
    },
    stream: async (sql, parameters = {}, { signal, settings } = {}) => {
      // What is being read may wait for who reads it, as long as that takes; the first word may not.
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), timeout)
      const given = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal])
      try {
        const wanted = { ...streamSettings, ...settings }
        return await request('run', sql, wanted, async (answer) => answer, { parameters, signal: given })
      } catch (error) {
        signal?.throwIfAborted()
        throw late.signal.aborted ? unansweredBy(address.url, error) : error
      } finally {
        clearTimeout(timer)
      }
    },
    insert: async (into, rows, parameters = {}, own = {}) => {
      await request('read', `INSERT INTO ${into} FORMAT RowBinary`, { ...insertSettings, ...own }, whole, {
        parameters,
        body: rows
      })
    },
    run,
    tell,
    settle: async () => {
      const ids = [...doubtful]
      if (ids.length === 0) return
      await tell("KILL QUERY WHERE user = currentUser() AND has(splitByChar(',', {ids:String}), query_id) SYNC", {
        ids: ids.join(',')
      })
      for (const id of ids) doubtful.delete(id)
    },
    close: async () => {
      isClosed = true
      await Promise.all(Object.values(clients).map((client) => client.close()))
    }
  }
}

/** Of the implied options those that the server knows: ClickHouse refuses every request with an unknown one. */
export const knownOptions = async (connection: Connection): Promise<ClientOptions> => {
  const names = Object.keys(impliedOptions).join(',')
  const rows = await connection.read(
    "SELECT name FROM system.settings WHERE has(splitByChar(',', {names:String}), name)",
    {
      names
    }
  )
  const known: Record<string, string> = {}
  while (rows.more()) {
    const name = rows.text()
    known[name] = impliedOptions[name] ?? ''
  }
  return known
}
