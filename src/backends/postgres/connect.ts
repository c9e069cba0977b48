import pg from 'pg'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { type Answers, createAnswers } from '../../storage/answered-within.ts'
import { storeClosed } from '../../storage/closed.ts'
import { type DatabaseAddress, isLost, isUnanswered, translateError } from './errors.ts'
import { quoted, type Settings } from './names.ts'
import { begin, commit, plain, type Query } from './query-text.ts'
import { createSession, type Session } from './session.ts'

/** The connections to one database. Every error is a `RalphError`, except the reason of an AbortSignal. */
export interface Database {
  readonly place: DatabaseAddress
  readonly answers: Answers
  /** Runs a query that changes nothing. It is repeated once if the connection turns out to be dead, and stopped if the caller gives up. */
  read<Row extends readonly unknown[]>(query: Query<Row>, options?: CallOptions): Promise<readonly Row[]>
  /** Runs a single statement, which is its own transaction. */
  write<Row extends readonly unknown[]>(query: Query<Row>): Promise<readonly Row[]>
  /** Throws `STORE_UNAVAILABLE` when no connection is free in time. */
  session(): Promise<Session>
  /** The reason why the latest write failed, if the disk was full. Undefined after a write that succeeded. */
  fullness(): RalphError | undefined
  isClosed(): boolean
  /** Resolves when all connections are returned and closed. */
  close(): Promise<void>
}

/** The driver returns 64-bit integers as text. Ours fit into a double. */
const types = {
  getTypeParser: (oid: number) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, 'text'))
}

/**
 * The first statement on every connection. Every query here relies on the order of an index. No table is sorted or read as a whole,
 * whatever the statistics say.
 */
const greeting = ({ schema, statementTimeout }: Settings): string => {
  const settings = {
    search_path: quoted(schema),
    statement_timeout: String(statementTimeout),
    // While one server writes to a target, another one waits here.
    lock_timeout: String(Math.ceil(statementTimeout * 0.7)),
    // A server that stops in the middle of a session does not keep others from writing.
    idle_in_transaction_session_timeout: String(statementTimeout),
    default_transaction_isolation: 'read committed',
    default_transaction_deferrable: 'off',
    bytea_output: 'hex',
    jit: 'off',
    enable_seqscan: 'off',
    enable_bitmapscan: 'off',
    enable_hashagg: 'off'
  }
  const set = Object.entries(settings).map(
    ([name, value]) => `set_config('${name}', ${pg.escapeLiteral(value)}, false)`
  )
  // Acknowledged data is durable, whatever the setting for other programs is. A stricter setting stays.
  return `SELECT pg_backend_pid(), set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),
    ${set.join(', ')}`
}

/** The words of the driver: there were connections, but others used them the whole time. */
const poolTimeout = 'timeout exceeded when trying to connect'

const busyError = (poolSize: number): RalphError =>
  new RalphError('STORE_UNAVAILABLE', `all ${poolSize} connections to PostgreSQL are busy: raise POOL_SIZE`, {
    retryAfter: 1
  })

const sendTo =
  ({ heard }: Answers) =>
  async <Row extends readonly unknown[]>(
    client: pg.PoolClient,
    { name, text, values }: Query<Row>
  ): Promise<readonly Row[]> => {
    const named = name === undefined ? { text } : { name, text }
    const { rows } = await client.query<unknown[]>({ ...named, values: [...values], rowMode: 'array' })
    heard()
    // The row types are those of the schema, which only this folder creates.
    return rows as readonly unknown[] as readonly Row[]
  }

const ignore = (): void => {}

type Send = ReturnType<typeof sendTo>

/** One statement is its own transaction, unless a setting must apply to it alone. */
const sendAlone = async <Row extends readonly unknown[]>(
  send: Send,
  client: pg.PoolClient,
  query: Query<Row>
): Promise<readonly Row[]> => {
  if (query.planning === undefined) return send(client, query)
  const work = [begin, plain(query.planning), query, commit].map((each) => send<Row>(client, each))
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  return work[2] ?? []
}

/**
 * Uses another connection, because those of the pool may be busy. When it resolves, the server has stopped the query or will not stop
 * a later one (a signal that finds no query is forgotten). If the server is unreachable, the time limit ends the query.
 */
const cancel = async (config: pg.ClientConfig, process: number): Promise<void> => {
  const client = new pg.Client(config)
  client.on('error', ignore)
  try {
    await client.connect()
    await client.query('SELECT pg_cancel_backend($1)', [process])
  } catch {
    // See above.
  } finally {
    await client.end().catch(ignore)
  }
}

/** What reading needs of a database. */
interface Reading {
  connect(): Promise<pg.PoolClient>
  readonly send: Send
  readonly config: pg.ClientConfig
  /** The process of the server that serves a connection. */
  processOf(client: pg.PoolClient): number
}

/** If the caller gives up, it gets the reason at once, and the connection is used again when the query was stopped. */
const readOnce = async <Row extends readonly unknown[]>(
  { connect, send, config, processOf }: Reading,
  query: Query<Row>,
  signal: AbortSignal | undefined
): Promise<readonly Row[]> => {
  const client = await connect()
  if (signal?.aborted) {
    client.release()
    throw signal.reason
  }
  let givenUp = (): void => {}
  let cancelling: Promise<void> | undefined
  const abandoned = new Promise<never>((_, reject) => {
    givenUp = () => {
      reject(signal?.reason)
      cancelling = cancel(config, processOf(client))
    }
  })
  signal?.addEventListener('abort', givenUp, { once: true })
  const work = async (): Promise<readonly Row[]> => {
    let lost = false
    try {
      return await sendAlone(send, client, query)
    } catch (error) {
      lost = isLost(error)
      throw error
    } finally {
      signal?.removeEventListener('abort', givenUp)
      // Not earlier: otherwise the signal would stop the next query of this connection.
      if (cancelling === undefined) client.release(lost)
      else void cancelling.then(() => client.release(lost))
    }
  }
  return signal === undefined ? work() : Promise.race([work(), abandoned])
}

const openPool = (settings: Settings) => {
  const { host, port, database, user, password, ssl, statementTimeout, connectTimeout, timeout, poolSize } = settings
  const config = {
    host,
    port,
    database,
    user,
    ssl,
    // With undefined, the driver would look in the environment and in ~/.pgpass.
    password: password ?? '',
    application_name: 'ralph',
    keepAlive: true,
    // If the operator allows a statement more time, that limit counts.
    query_timeout: Math.max(timeout, statementTimeout),
    connectionTimeoutMillis: connectTimeout
  }
  const processes = new WeakMap<pg.ClientBase, number>()
  const pool = new pg.Pool({
    ...config,
    // Several statements may be in progress on one connection. They share a round trip.
    pipeline: true,
    max: poolSize,
    idleTimeoutMillis: 60_000,
    // The driver asks for one format only.
    types: types as pg.CustomTypesConfig,
    onConnect: async (client) => {
      // An idle connection was lost. The next query reports it.
      client.on('error', ignore)
      const { rows } = await client.query<{ pg_backend_pid: number }>(greeting(settings))
      processes.set(client, rows[0]?.pg_backend_pid ?? 0)
    }
  })
  pool.on('error', ignore)
  return { pool, config, processOf: (client: pg.PoolClient) => processes.get(client) ?? 0 }
}

export const openDatabase = (settings: Settings): Database => {
  const { host, port, database, user, schema, poolSize } = settings
  const place: DatabaseAddress = { host, port, database, user, schema }
  const { pool, config, processOf } = openPool(settings)
  const answers = createAnswers(`PostgreSQL at ${host}:${port}`, config.query_timeout)
  let closing: Promise<void> | undefined
  let full: RalphError | undefined

  const connect = async (): Promise<pg.PoolClient> => {
    if (closing !== undefined) throw storeClosed()
    try {
      return await pool.connect()
    } catch (error) {
      if (closing !== undefined) throw storeClosed()
      if (error instanceof Error && error.message === poolTimeout) throw busyError(poolSize)
      throw translateError(error, place)
    }
  }

  /** The error for the caller of a write. */
  const writeError = (error: unknown): unknown => {
    const translated = translateError(error, place)
    if (translated instanceof RalphError && translated.code === 'STORE_FULL') full = translated
    return translated
  }

  const send = sendTo(answers)
  const reading: Reading = { connect, send, config, processOf }

  const session = async (): Promise<Session> => {
    const client = await connect()
    return createSession({
      send: (query) => send(client, query),
      errorOf: writeError,
      done: (queries) => {
        if (queries.includes(commit)) full = undefined
      },
      release: (isReusable) => client.release(!isReusable)
    })
  }

  return {
    place,
    answers,
    read: async (query, { signal } = {}) => {
      signal?.throwIfAborted()
      try {
        return await readOnce(reading, query, signal)
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        // An idle connection may be dead without a sign, for example after a restart of the server.
        if (error instanceof RalphError || !isLost(error) || isUnanswered(error)) throw translateError(error, place)
      }
      return readOnce(reading, query, signal).catch((error: unknown) => {
        throw signal?.aborted ? signal.reason : translateError(error, place)
      })
    },
    write: async (query) => {
      const client = await connect()
      let lost = false
      try {
        const rows = await send(client, query)
        full = undefined
        return rows
      } catch (error) {
        lost = isLost(error)
        throw writeError(error)
      } finally {
        client.release(lost)
      }
    },
    session,
    fullness: () => full,
    isClosed: () => closing !== undefined,
    close: () => {
      closing ??= pool.end()
      return closing
    }
  }
}
