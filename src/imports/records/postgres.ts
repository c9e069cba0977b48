import { codeOf, messageOf, RalphError } from '../../errors.ts'
import { sqlStates } from '../../network/sql-states.ts'
import { missingMigrations } from '../../storage/migrations.ts'
import { migrationsFor, type SqlDatabase, type SqlRow } from './sql.ts'

const migrations = migrationsFor((column, path) => `${column}::json #>> '{${path.join(',')}}'`)

/** Any number, the same for all processes. The holder of this lock creates the tables. */
const lockNumber = 0x524c5049

/** Milliseconds without an answer after which the database counts as unreachable. */
const patience = 10_000

/** PostgreSQL refuses text with U+0000. No record contains it or its replacement, so the result stays the same. */
const withoutNul = (value: unknown): unknown =>
  typeof value === 'string' ? value.replaceAll('\u0000', '\ufffd') : value

const translated = (error: unknown): unknown => {
  if (error instanceof RalphError) return error
  const code = codeOf(error) === sqlStates.diskFull ? 'STORE_FULL' : 'STORE_UNAVAILABLE'
  const reason = messageOf(error) || codeOf(error)
  const message = `the records of imports, in the database of RALPH_IMPORTS_DATABASE_URL: ${reason}`
  return new RalphError(code, message, { retryAfter: 1 }, { cause: error })
}

/** The tables of records in a database of PostgreSQL, 14 or later. */
export const openPostgresRecords = async (connectionString: string): Promise<SqlDatabase> => {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({
    connectionString,
    max: 3,
    application_name: 'ralph imports',
    connectionTimeoutMillis: patience,
    query_timeout: patience
  })
  // If an idle connection is lost, the next query reports it.
  pool.on('error', () => {})

  const migrate = async (): Promise<void> => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await client.query('SELECT pg_advisory_xact_lock($1)', [lockNumber])
      await client.query('CREATE TABLE IF NOT EXISTS ralph_import_schema (version BIGINT NOT NULL)')
      const { rows } = await client.query<{ version: string }>('SELECT version FROM ralph_import_schema')
      const place = { name: 'the database of RALPH_IMPORTS_DATABASE_URL' }
      for (const { version, up } of missingMigrations(migrations, Number(rows[0]?.version ?? 0), place)) {
        await client.query(up)
        await client.query('DELETE FROM ralph_import_schema')
        await client.query('INSERT INTO ralph_import_schema (version) VALUES ($1)', [version])
      }
      await client.query('COMMIT')
    } finally {
      // Closing a connection undoes its transaction.
      client.release(true)
    }
  }

  try {
    await migrate()
  } catch (error) {
    await pool.end()
    throw translated(error)
  }
  let closing: Promise<void> | undefined
  return {
    query: async (sql, ...values): Promise<readonly SqlRow[]> => {
      try {
        const { rows } = await pool.query<SqlRow>(sql.replaceAll(/\?(\d+)/g, '$$$1'), values.map(withoutNul))
        return rows
      } catch (error) {
        throw translated(error)
      }
    },
    close: () => {
      closing ??= pool.end()
      return closing
    }
  }
}
