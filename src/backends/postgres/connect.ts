import pg from 'pg'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { storeClosed } from '../../storage/closed.ts'
import { type DatabaseAddress, isLost, isUnanswered, translateError } from './errors.ts'
import { quoted, type Settings } from './names.ts'
import { plain, type Query } from './query-text.ts'

type Rows<Each extends readonly (readonly unknown[])[]> = { readonly [at in keyof Each]: readonly Each[at][] }
type Queries<Each extends readonly (readonly unknown[])[]> = { readonly [at in keyof Each]: Query<Each[at]> }

/** One connection, for one user at a time. */
export interface Session {
  /** Sends them together and awaits all of their answers: one round trip. The first failure is thrown. */
  run<Each extends readonly (readonly unknown[])[]>(...queries: Queries<Each>): Promise<Rows<Each>>
  /** Gives the connection back, or closes it, which undoes its transaction. */
  release(isReusable: boolean): void
}

/** The connections to one database. Everything they throw is a `RalphError`, but for the reason of an AbortSignal. */
export interface Database {
  readonly place: DatabaseAddress
  /** A query that changes nothing: asked once more where the connection turned out to be dead, stopped when given up. */
  read<Row extends readonly unknown[]>(query: Query<Row>, options?: CallOptions): Promise<readonly Row[]>
  /** A single statement that is a transaction of its own. */
  write<Row extends readonly unknown[]>(query: Query<Row>): Promise<readonly Row[]>
  /** `STORE_UNAVAILABLE` when none can be had in time. */
  session(): Promise<Session>
  /** Why the latest write failed, if it was for want of room; undefined after one that succeeded. */
  fullness(): RalphError | undefined
  isClosed(): boolean
  /** Resolves when all connections have been given back and closed. */
  close(): Promise<void>
}

/** The driver gives 64 bits as text; ours are numbers that a double holds. */
const types = {
  getTypeParser: (oid: number) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, 'text'))
}

/**
 * What every connection is told first. The order of an index is what every query here is planned for: whatever
 * statistics say or fail to say, no table is sorted or read as a whole.
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
  // What is acknowledged is durable, whatever was chosen for other programs; a stricter choice is left alone.
  return `SELECT pg_backend_pid(), set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),
    ${set.join(', ')}`
}

export const begin = plain('BEGIN')
export const commit = plain('COMMIT')
export const rollback = plain('ROLLBACK')

/** As the driver words it: there were connections, but others had them all the time. */
const poolTimeout = 'timeout exceeded when trying to connect'

const busyError = (poolSize: number): RalphError =>
  new RalphError('STORE_UNAVAILABLE', `all ${poolSize} connections to PostgreSQL are busy: raise POOL_SIZE`, {
    retryAfter: 1
  })

export const openDatabase = (settings: Settings): Database => {
  const { host, port, database, user, password, ssl, schema, statementTimeout, connectTimeout, timeout, poolSize } =
    settings
  const place: DatabaseAddress = { host, port, database, user, schema }
  const config = {
    host,
    port,
    database,
    user,
    ssl,
    // Undefined would be looked for in the environment and in ~/.pgpass.
    password: password ?? '',
    application_name: 'ralph',
    keepAlive: true,
    // A statement for which the operator has set more time has that.
    query_timeout: Math.max(timeout, statementTimeout),
    connectionTimeoutMillis: connectTimeout
  }
  const processes = new WeakMap<pg.ClientBase, number>()
  const ignore = (): void => {}
  const pool = new pg.Pool({
    ...config,
    // Several statements may be under way on one connection: they share a round trip.
    pipeline: true,
    max: poolSize,
    idleTimeoutMillis: 60_000,
    // The driver asks for one format only.
    types: types as pg.CustomTypesConfig,
    onConnect: async (client) => {
      // A connection that is lost while nothing is asked of it: the next query says so.
      client.on('error', ignore)
      const { rows } = await client.query<{ pg_backend_pid: number }>(greeting(settings))
      processes.set(client, rows[0]?.pg_backend_pid ?? 0)
    }
  })
  pool.on('error', ignore)
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

  /** What is thrown to who writes. */
  const writeError = (error: unknown): unknown => {
    const translated = translateError(error, place)
    if (translated instanceof RalphError && translated.code === 'STORE_FULL') full = translated
    return translated
  }

  const send = async <Row extends readonly unknown[]>(
    client: pg.PoolClient,
    { name, text, values }: Query<Row>
  ): Promise<readonly Row[]> => {
    const named = name === undefined ? { text } : { name, text }
    const { rows } = await client.query<unknown[]>({ ...named, values: [...values], rowMode: 'array' })
    // The row types are those of the schema, which this folder alone creates.
    return rows as readonly unknown[] as readonly Row[]
  }

  /** One statement is a transaction of its own, unless something is to hold for it only. */
  const sendAlone = async <Row extends readonly unknown[]>(
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
   * By a connection of its own: all others may be busy. When it resolves the server has stopped the query, or will not
   * touch a later one (a signal that finds no query is forgotten), or is not there, and then the time limit ends it.
   */
  const cancel = async (process: number): Promise<void> => {
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

  const readOnce = async <Row extends readonly unknown[]>(
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
        cancelling = cancel(processes.get(client) ?? 0)
      }
    })
    signal?.addEventListener('abort', givenUp, { once: true })
    const work = async (): Promise<readonly Row[]> => {
      let lost = false
      try {
        return await sendAlone(client, query)
      } catch (error) {
        lost = isLost(error)
        throw error
      } finally {
        signal?.removeEventListener('abort', givenUp)
        // Not before: the next query of this connection would be stopped instead.
        if (cancelling === undefined) client.release(lost)
        else void cancelling.then(() => client.release(lost))
      }
    }
    return signal === undefined ? work() : Promise.race([work(), abandoned])
  }

  return {
    place,
    read: async (query, { signal } = {}) => {
      signal?.throwIfAborted()
      try {
        return await readOnce(query, signal)
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        // What was idle may have died without a word, in a restart of the server for one.
        if (error instanceof RalphError || !isLost(error) || isUnanswered(error)) throw translateError(error, place)
      }
      return readOnce(query, signal).catch((error: unknown) => {
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
    session: async () => {
      const client = await connect()
      return {
        run: async <Each extends readonly (readonly unknown[])[]>(...queries: Queries<Each>) => {
          const answers = await Promise.allSettled(queries.map((query) => send(client, query)))
          const failed = answers.find(({ status }) => status === 'rejected')
          if (failed?.status === 'rejected') throw writeError(failed.reason)
          if (queries.some((query) => query === commit)) full = undefined
          // One for each query, in their order.
          return answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : [])) as Rows<Each>
        },
        release: (isReusable) => client.release(!isReusable)
      }
    },
    fullness: () => full,
    isClosed: () => closing !== undefined,
    close: () => {
      closing ??= pool.end()
      return closing
    }
  }
}
