import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { errorCodes, resultCode } from '../../durability/sqlite-result.ts'
import { codeOf, messageOf, RalphError } from '../../errors.ts'
import { missingMigrations } from '../../storage/migrations.ts'
import { migrationsFor, type SqlDatabase, type SqlRow } from './sql.ts'

const migrations = migrationsFor((column, path) => `json_extract(${column}, '$.${path.join('.')}')`)

/** Marks the file as ours: "RLPI". */
const applicationId = 0x524c5049

/** Milliseconds to wait for another process that writes. */
const patience = 10_000

const translated = (error: unknown, file: string): unknown => {
  if (codeOf(error) === 'ERR_INVALID_STATE') {
    return new RalphError('STORE_UNAVAILABLE', `${file} is closed`, { path: file }, { cause: error })
  }
  const code = errorCodes[resultCode(error) ?? -1]
  if (code === undefined) return error
  return new RalphError(code, `the records of imports, ${file}: ${messageOf(error)}`, { path: file }, { cause: error })
}

const firstNumber = (database: DatabaseSync, sql: string): number =>
  Number(Object.values(database.prepare(sql).get() ?? {})[0])

const migrate = (database: DatabaseSync, file: string): void => {
  const isEmpty = firstNumber(database, 'SELECT count(*) FROM sqlite_schema') === 0
  if (!isEmpty && firstNumber(database, 'PRAGMA application_id') !== applicationId) {
    throw new RalphError('STORE_CORRUPT', `${file} is a database of another program`, { path: file })
  }
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -2000')
  const missing = () => missingMigrations(migrations, firstNumber(database, 'PRAGMA user_version'), { name: file })
  if (missing().length === 0) return
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have done it meanwhile.
    for (const { version, up } of missing()) {
      database.exec(`${up}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`)
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Opens the file, or creates it. */
export const openSqliteRecords = (file: string): SqlDatabase => {
  let database: DatabaseSync | undefined
  try {
    mkdirSync(dirname(file), { recursive: true })
    database = new DatabaseSync(file, { timeout: patience })
    migrate(database, file)
  } catch (error) {
    database?.close()
    throw translated(error, file)
  }
  const opened = database
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const made = opened.prepare(sql)
    prepared.set(sql, made)
    return made
  }
  return {
    query: async (sql, ...values): Promise<readonly SqlRow[]> => {
      try {
        return prepare(sql).all(...values)
      } catch (error) {
        throw translated(error, file)
      }
    },
    close: async () => {
      if (opened.isOpen) opened.close()
    }
  }
}
