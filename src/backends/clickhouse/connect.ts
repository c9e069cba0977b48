import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { defaultTimeout } from '../../network/time-limit.ts'
import { type Answers, createAnswers } from '../../storage/answered-within.ts'
import { storeClosed } from '../../storage/closed.ts'
import { type ClientOptions, impliedOptions } from './client-options.ts'
import { translateError, unansweredBy } from './errors.ts'
import type { ServerAddress } from './names.ts'
import { lengthOf, type RowReader, type Rows, readRows } from './row-binary.ts'

/**
 * Values for the parameters `{name:Type}` of a query. They must be short, because they are in the URL. Text from clients is sent as
 * hexadecimal digits.
 */
export type QueryParameters = Readonly<Record<string, unknown>>

export interface QueryOptions extends CallOptions {
  readonly settings?: ClientOptions
  readonly given?: Given
}

/** Rows that are sent with a query, as the table `given`. Unlike parameters they may be long. */
export interface Given {
  /** Names and types. */
  readonly columns: string
  readonly rows: Rows
}

/** Requests to one server. All reject with a `RalphError` or with the reason of the signal. No error of the driver is passed on. */
export interface Connection {
  readonly url: string
  readonly answers: Answers
  /** The prefix of the ids of all queries of this connection. */
  readonly queryPrefix: string
  /** Runs a query and returns its whole result. If the query fails in the middle, nothing is returned. */
  read(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<RowReader>
  /**
   * Runs a query with its FORMAT, and returns the result as a stream. A failure in the middle is an error of the stream, in the words of
   * the driver.
   */
  stream(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<Readable>
  /**
   * Inserts one block of rows. When it resolves, all of them are in one part of the table. Otherwise none is. `into` is the text after
   * INSERT INTO. `own` are options that win over those that guarantee this.
   */
  insert(into: string, rows: Rows, parameters?: QueryParameters, own?: ClientOptions): Promise<void>
  /** Runs a statement without a result that may take minutes: it changes tables or copies rows. */
  run(sql: string, parameters?: QueryParameters): Promise<void>
  /** Runs a statement without a result. */
  tell(sql: string, parameters?: QueryParameters): Promise<void>
  /** Resolves when no failed insert is still in progress: the answer may be lost although the insert continues. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** Milliseconds without an answer after which a long request is given up. */
const patient = 600_000

/** Servers before 23.11 close a connection that is idle for longer. */
const idleTimeout = 2500

const readSettings = {
  // The answer is complete or is an error. A query stops when its client is gone.
  wait_end_of_query: '1',
  cancel_http_readonly_queries_on_client_close: '1'
}

const streamSettings = { cancel_http_readonly_queries_on_client_close: '1' }

const insertSettings = {
  // ClickHouse does not collect the inserts again: what it acknowledges is on the disk.
  async_insert: '0',
  wait_end_of_query: '1',
  // One block of any size. It makes one part, which exists or not.
  max_insert_block_size: '100000000',
  min_insert_block_size_rows: '0',
  min_insert_block_size_bytes: '0'
}

const runSettings = { wait_end_of_query: '1', mutations_sync: '2' }

/** No content contains it. */
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

/** What a request may have besides its query. */
interface RequestParts {
  readonly parameters?: QueryParameters
  readonly body?: Rows
  readonly contentType?: string
  readonly signal?: AbortSignal | undefined
}

/** The length is sent too, so the server notices a body that was cut off. */
const sending = (body: Rows, contentType: string) => ({
  values: Readable.from(body),
  http_headers: { 'Content-Type': contentType, 'Content-Length': String(lengthOf(body)) }
})

/** Stops those of these queries that still run. */
const killQueries = (ids: readonly string[]) => ({
  sql: "KILL QUERY WHERE user = currentUser() AND has(splitByChar(',', {ids:String}), query_id) SYNC",
  parameters: { ids: ids.join(',') }
})

/** Reads all bytes of an answer. `stream/consumers` makes a Blob of them first, and with 60 MB other requests waited four times as long. */
const wholeAnswer =
  ({ heard }: Answers) =>
  async (stream: Readable): Promise<Buffer> => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) {
      heard()
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }

/** `options`: undefined means those of document 000 that the server knows. It sends no request. */
export const connect = (
  address: ServerAddress,
  timeout = defaultTimeout
): Connection & { use(options: ClientOptions): void } => {
  const answers = createAnswers(`ClickHouse at ${address.url}`, timeout)
  const whole = wholeAnswer(answers)
  const clients = { read: open(address, timeout), run: open(address, Math.max(timeout, patient)) }
  const queryPrefix = `ralph-${randomUUID()}`
  let options: ClientOptions = {}
  let queries = 0
  let isClosed = false
  /** Ids of inserts that failed without an answer of the server. */
  const doubtful = new Set<string>()

  const request = async <Result>(
    client: keyof typeof clients,
    sql: string,
    settings: ClientOptions,
    receive: (answer: Readable) => Promise<Result>,
    rest: RequestParts
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
        ...(body === undefined ? {} : sending(body, contentType))
      })
      answers.heard()
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
    answers,
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
      // The reader of a stream may take any time. The first byte may not.
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
      const { sql, parameters } = killQueries(ids)
      await tell(sql, parameters)
      for (const id of ids) doubtful.delete(id)
    },
    close: async () => {
      isClosed = true
      await Promise.all(Object.values(clients).map((client) => client.close()))
    }
  }
}

/** The implied options that the server knows. ClickHouse refuses every request with an unknown option. */
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
