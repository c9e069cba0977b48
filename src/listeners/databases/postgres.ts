import type pg from 'pg'
import type { ConfigBlock, ListenerDatabase, QueryRow, QueryValues } from '../../contracts/listeners.ts'
import { codeOf, messageOf, RalphError } from '../../errors.ts'
import { isAboutQuery } from '../../network/sql-states.ts'
import { blockAt, numberAt, optionalTextAt, textAt } from '../values.ts'
import { callsOf } from './calls.ts'
import { createMessageWriter, type MessageUpdate } from './message-writer.ts'
import { bindStatements } from './named-values.ts'

const table = `CREATE TABLE IF NOT EXISTS messages (
  uuid UUID PRIMARY KEY,
  meta_location TEXT,
  data_location TEXT,
  data_type TEXT,
  status TEXT NOT NULL,
  info TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
)`

const upsert = `INSERT INTO messages (uuid, meta_location, data_location, data_type, status, info, created_at, updated_at)
  SELECT *, now(), now() FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
  ON CONFLICT (uuid) DO UPDATE SET
    meta_location = coalesce(excluded.meta_location, messages.meta_location),
    data_location = coalesce(excluded.data_location, messages.data_location),
    data_type = coalesce(excluded.data_type, messages.data_type),
    status = excluded.status, info = excluded.info, updated_at = now()`

/** Any number, the same for all processes: whoever has this lock runs the `init` script. */
const lockNumber = 0x524c4c49

/** PostgreSQL keeps no zero byte in a text. */
const kept = (text: string | undefined): string | null => text?.replaceAll('\0', '\uFFFD') ?? null

export interface ListenerPostgresOptions {
  readonly config: ConfigBlock
  readonly place: string
  /** Text of the `init` script. */
  readonly init: string
}

/** @param shown where the database is */
const databaseError = (error: unknown, shown: string): RalphError => {
  if (error instanceof RalphError) return error
  const reason = messageOf(error) || codeOf(error)
  const code = isAboutQuery(codeOf(error)) ? 'INVALID_QUERY' : 'STORE_UNAVAILABLE'
  return new RalphError(code, `${shown}: ${reason}`, { sqlState: codeOf(error) }, { cause: error })
}

/** The database `postgres` of document 002. Errors: `STORE_UNAVAILABLE`, and what the server says as `INVALID_QUERY`. */
export const openPostgresDatabase = async ({
  config,
  place,
  init
}: ListenerPostgresOptions): Promise<Required<ListenerDatabase>> => {
  const connection = blockAt(config, 'connection', place)
  const at = `${place}.connection`
  const host = textAt(connection, 'host', at, 'localhost')
  const port = numberAt(connection, 'port', at, { byDefault: 5432, least: 1 })
  const { default: driver } = await import('pg')
  const pool = new driver.Pool({
    host,
    port,
    database: textAt(connection, 'name', at, 'postgres'),
    user: textAt(connection, 'user', at, 'postgres'),
    password: optionalTextAt(connection, 'password', at) ?? '',
    connectionTimeoutMillis: numberAt(connection, 'timeout', at, { byDefault: 2 }) * 1000,
    application_name: 'ralph listen',
    keepAlive: true,
    max: 8
  })
  // A connection that is lost while nothing is asked of it: the next query says so.
  pool.on('error', () => {})

  const translated = (error: unknown): RalphError => databaseError(error, `the database at ${host}:${port}`)

  const transaction = async <Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> => {
    let failed = true
    let client: pg.PoolClient | undefined
    try {
      client = await pool.connect()
      // One that is lost in the midst: the query says so.
      client.on('error', () => {})
      await client.query('BEGIN')
      const result = await work(client)
      await client.query('COMMIT')
      failed = false
      return result
    } catch (error) {
      throw translated(error)
    } finally {
      // A connection that is closed undoes its transaction.
      client?.release(failed)
    }
  }

  const execute_query = async (query: string, values: QueryValues = {}): Promise<readonly QueryRow[] | null> =>
    transaction(async (client) => {
      let rows: readonly QueryRow[] | null = null
      for (const statement of bindStatements(query, values, (number) => `$${number}`)) {
        const result = await client.query<QueryRow>(statement.text, [...statement.values])
        rows = result.fields.length === 0 ? null : result.rows
      }
      return rows
    })

  const write = async (updates: readonly MessageUpdate[]): Promise<void> => {
    const column = (of: (update: MessageUpdate) => string | undefined) => updates.map((each) => kept(of(each)))
    try {
      await pool.query(upsert, [
        column(({ message }) => message.uuid),
        column(({ message }) => message.meta_location),
        column(({ message }) => message.data_location),
        column(({ message }) => message.type),
        column(({ status }) => status),
        column(({ info }) => info)
      ])
    } catch (error) {
      throw translated(error)
    }
  }
  const writer = createMessageWriter(write)

  return {
    initialize_database: async () => {
      await transaction(async (client) => {
        await client.query('SELECT pg_advisory_xact_lock($1)', [lockNumber])
        await client.query(init)
        await client.query(table)
      })
    },
    ...callsOf(execute_query, writer),
    close: async () => {
      await writer.settled()
      await pool.end()
    }
  }
}
