import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { RalphError } from '../../errors.ts'
import { migrations } from './migrations.ts'
import { translating } from './translate-error.ts'

/** A prepared statement, kept for the life of its connection. */
export interface Prepared<Row> {
  all(...values: readonly SQLInputValue[]): Row[]
  get(...values: readonly SQLInputValue[]): Row | undefined
  /** Returns how many rows it changed. */
  run(...values: readonly SQLInputValue[]): number
}

/** The one connection to a store's file: every statement runs to its end before anything else happens. */
export interface Connection {
  readonly file: string
  /** `Row` says what the columns are; the schema holds it true. */
  prepare<Row extends readonly unknown[] = never>(sql: string): Prepared<Row>
  inTransaction(): boolean
  close(): void
}

/** Marks the file as ours, so that no other program's database is taken for a store: "RLPH". */
const applicationId = 0x524c5048

/** KiB of pages kept in memory. */
export interface CacheSize {
  readonly cacheSize: number
}

const firstNumber = (database: DatabaseSync, sql: string): number =>
  Number(Object.values(database.prepare(sql).get() ?? {})[0])

/** Looks, and changes nothing, so that what is not ours stays as it is. */
const requireOurs = (database: DatabaseSync, file: string): void => {
  const version = firstNumber(database, 'PRAGMA user_version')
  const isEmpty = firstNumber(database, 'SELECT count(*) FROM sqlite_schema') === 0
  if (!isEmpty && firstNumber(database, 'PRAGMA application_id') !== applicationId) {
    throw new RalphError('STORE_CORRUPT', `${file} is a database of another program`, { path: file })
  }
  if (version > migrations.length) {
    throw new RalphError(
      'STORE_CORRUPT',
      `${file} was written by a newer version of Ralph (schema ${version}, this one knows ${migrations.length}): upgrade Ralph`,
      { path: file }
    )
  }
}

const migrate = (database: DatabaseSync): void => {
  const version = firstNumber(database, 'PRAGMA user_version')
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue
    database.exec('BEGIN IMMEDIATE')
    try {
      database.exec(`${sql}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${index + 1}; COMMIT`)
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }
}

const configure = (database: DatabaseSync, { cacheSize }: CacheSize): void => {
  database.exec(`
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -${cacheSize};
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 2000;
    PRAGMA journal_size_limit = 67108864;
  `)
}

const prepared = <Row>(statement: StatementSync): Prepared<Row> => {
  statement.setReturnArrays(true)
  return {
    // The row types are those of the schema, which this file alone creates.
    all: (...values) => statement.all(...values) as unknown as Row[],
    get: (...values) => statement.get(...values) as unknown as Row | undefined,
    run: (...values) => Number(statement.run(...values).changes)
  }
}

/**
 * Opens the file, made and brought up to date where needed. `STORE_FULL`, `STORE_CORRUPT`, `STORE_UNAVAILABLE`.
 * A lock that a foreign program holds is waited for only briefly, since nothing else happens meanwhile.
 */
export const connect = (file: string, size: CacheSize): Connection =>
  translating(file, () => {
    const database = new DatabaseSync(file, { timeout: 200, enableForeignKeyConstraints: false })
    try {
      requireOurs(database, file)
      configure(database, size)
      migrate(database)
    } catch (error) {
      database.close()
      throw error
    }
    return {
      file,
      prepare: <Row extends readonly unknown[]>(sql: string) => prepared<Row>(database.prepare(sql)),
      inTransaction: () => database.isTransaction,
      close: () => database.close()
    }
  })
