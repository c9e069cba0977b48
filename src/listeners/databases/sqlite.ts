import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { ConfigBlock, ListenerDatabase, QueryRow, QueryValues } from '../../contracts/listeners.ts'
import { messageOf, RalphError } from '../../errors.ts'
import { textAt } from '../values.ts'
import { callsOf } from './calls.ts'
import { createMessageWriter, type MessageUpdate } from './message-writer.ts'
import { bindStatements } from './named-values.ts'

const table = `CREATE TABLE IF NOT EXISTS messages (
  uuid TEXT PRIMARY KEY,
  meta_location TEXT,
  data_location TEXT,
  data_type TEXT,
  status TEXT NOT NULL,
  info TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
)`

const now = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

const upsert = `INSERT INTO messages VALUES (?1, ?2, ?3, ?4, ?5, ?6, ${now}, ${now})
  ON CONFLICT (uuid) DO UPDATE SET
    meta_location = coalesce(excluded.meta_location, messages.meta_location),
    data_location = coalesce(excluded.data_location, messages.data_location),
    data_type = coalesce(excluded.data_type, messages.data_type),
    status = excluded.status, info = excluded.info, updated_at = excluded.updated_at`

/** Milliseconds for which another process that writes is waited for. */
const patience = 10_000

const asInput = (value: unknown): SQLInputValue => {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return JSON.stringify(value)
  if (value instanceof Uint8Array || ['string', 'number', 'bigint'].includes(typeof value))
    return value as SQLInputValue
  return null
}

export interface ListenerSqliteOptions {
  readonly config: ConfigBlock
  readonly place: string
  /** Where a relative path begins. */
  readonly directory: string
  /** Text of the `init` script; undefined: the embedded database needs none. */
  readonly init: string | undefined
}

/** The embedded database: `type: sqlite`, `path`. */
export const openSqliteDatabase = ({
  config,
  place,
  directory,
  init
}: ListenerSqliteOptions): Required<ListenerDatabase> => {
  const file = resolve(directory, textAt(config, 'path', place, 'messages.db'))
  const failed = (error: unknown): RalphError =>
    error instanceof RalphError
      ? error
      : new RalphError('INVALID_QUERY', `the database ${file}: ${messageOf(error)}`, {}, { cause: error })
  let opened: DatabaseSync | undefined
  const database = (): DatabaseSync => {
    if (opened !== undefined) return opened
    try {
      mkdirSync(dirname(file), { recursive: true })
      const made = new DatabaseSync(file, { timeout: patience })
      made.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      opened = made
      return made
    } catch (error) {
      throw new RalphError('STORE_UNAVAILABLE', `the database ${file} cannot be opened: ${messageOf(error)}`)
    }
  }
  const transaction = <Result>(work: (inner: DatabaseSync) => Result): Result => {
    const inner = database()
    try {
      inner.exec('BEGIN IMMEDIATE')
      const result = work(inner)
      inner.exec('COMMIT')
      return result
    } catch (error) {
      if (inner.isTransaction) inner.exec('ROLLBACK')
      throw failed(error)
    }
  }
  const execute_query = async (query: string, values: QueryValues = {}): Promise<readonly QueryRow[] | null> =>
    transaction((inner) => {
      let rows: readonly QueryRow[] | null = null
      for (const { text, values: bound } of bindStatements(query, values, (number) => `?${number}`)) {
        const statement = inner.prepare(text)
        const found = statement.all(...bound.map(asInput)).map((row) => ({ ...row }))
        rows = statement.columns().length === 0 ? null : found
      }
      return rows
    })
  const writer = createMessageWriter(async (updates: readonly MessageUpdate[]) =>
    transaction((inner) => {
      const statement = inner.prepare(upsert)
      for (const { message, status, info } of updates) {
        const { uuid, meta_location = null, data_location = null, type = null } = message
        statement.run(uuid, meta_location, data_location, type, status, info ?? null)
      }
    })
  )
  return {
    initialize_database: async () => {
      try {
        if (init !== undefined) database().exec(init)
        database().exec(table)
      } catch (error) {
        throw failed(error)
      }
    },
    ...callsOf(execute_query, writer),
    close: async () => {
      await writer.settled()
      opened?.close()
      opened = undefined
    }
  }
}
