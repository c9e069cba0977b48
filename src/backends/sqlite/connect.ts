import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { RalphError } from '../../errors.ts'
import { missingMigrations } from '../../storage/migrations.ts'
import { translating } from './errors.ts'
import { migrations } from './migrations.ts'

/** A prepared statement, kept for the life of its connection. */
export interface Prepared<Row> {
  all(...values: readonly SQLInputValue[]): Row[]
  get(...values: readonly SQLInputValue[]): Row | undefined
  /** Returns the number of changed rows. */
  run(...values: readonly SQLInputValue[]): number
}

/**
 * The connection of a store to its file. Every statement runs to its end before anything else happens. There is one connection, and a
 * second one for reads while a transaction rests.
 */
export interface Connection {
  readonly file: string
  /** `Row` is the type of the columns. The schema guarantees it. */
  prepare<Row extends readonly unknown[] = never>(sql: string): Prepared<Row>
  inTransaction(): boolean
  /** The number of pages in the log after which a commit copies them. The default is `pagesOfLog`. 0: never. */
  checkpointAfter(pages: number): void
  /** Keeps few pages in memory from now on, or as many as before. Other changed pages are in the log already. */
  keepFewPages(few: boolean): void
  /** The approximate size of all texts and blobs that statements received so far. */
  written(): number
  /** The transaction stays open. Until `resume`, every read sees the state before it began. */
  rest(): void
  resume(): void
  /** Writes the file anew, without what was removed. Nothing else runs meanwhile. */
  vacuum(): void
  close(): void
}

/** Marks the file as one of ours, so the database of another program is never taken for a store: "RLPH". */
const applicationId = 0x524c5048

/** The number of pages in the log after which a commit copies them into the database. */
export const pagesOfLog = 2000

/** KiB of pages that are kept in memory. */
export interface CacheSize {
  readonly cacheSize: number
}

const firstNumber = (database: DatabaseSync, sql: string): number =>
  Number(Object.values(database.prepare(sql).get() ?? {})[0])

const missing = (database: DatabaseSync, file: string) =>
  missingMigrations(migrations, firstNumber(database, 'PRAGMA user_version'), { name: file, details: { path: file } })

/** Only reads, so a file of another program stays unchanged. */
const requireOurs = (database: DatabaseSync, file: string): void => {
  const isEmpty = firstNumber(database, 'SELECT count(*) FROM sqlite_schema') === 0
  if (!isEmpty && firstNumber(database, 'PRAGMA application_id') !== applicationId) {
    throw new RalphError('STORE_CORRUPT', `${file} is a database of another program`, { path: file })
  }
  missing(database, file)
}

const migrate = (database: DatabaseSync, file: string): void => {
  if (missing(database, file).length === 0) return
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have migrated it meanwhile.
    for (const { version, up } of missing(database, file)) {
      database.exec(`${up}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`)
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

const configure = (database: DatabaseSync, { cacheSize }: CacheSize): void => {
  database.exec(`
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -${cacheSize};
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = ${pagesOfLog};
    PRAGMA journal_size_limit = 67108864;
  `)
}

interface Preparing {
  readonly statement: StatementSync
  /** The same statement on the connection for reads during a rest. */
  readonly committed: () => StatementSync
  readonly state: { isResting: boolean; written: number }
}

const lengthOf = (value: SQLInputValue | undefined): number => {
  if (typeof value === 'string') return value.length
  return typeof value === 'object' && value !== null ? value.byteLength : 0
}

const prepared = <Row>({ statement, committed, state }: Preparing): Prepared<Row> => ({
  // The row types are those of the schema, which only this file creates.
  all: (...values) => (state.isResting ? committed() : statement).all(...values) as unknown as Row[],
  get: (...values) => (state.isResting ? committed() : statement).get(...values) as unknown as Row | undefined,
  run: (...values) => {
    for (let at = 0; at < values.length; at += 1) state.written += lengthOf(values[at])
    return Number((state.isResting ? committed() : statement).run(...values).changes)
  }
})

const prepareOn = (database: DatabaseSync, sql: string): StatementSync => {
  const statement = database.prepare(sql)
  statement.setReturnArrays(true)
  return statement
}

/** KiB of pages for readers while a transaction rests, and for a large transaction. */
const fewPages = 1000

/** Sees only committed data, and cannot write. */
const connectAtRest = (file: string): DatabaseSync => {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 200 })
  database.exec(`PRAGMA cache_size = -${fewPages}`)
  return database
}

/**
 * Opens the file, and creates or updates it if needed. Throws `STORE_FULL`, `STORE_CORRUPT`, `STORE_UNAVAILABLE`. It waits only briefly for
 * a lock of another program, because nothing else runs meanwhile.
 */
export const connect = (file: string, size: CacheSize): Connection =>
  translating(file, () => {
    const database = new DatabaseSync(file, { timeout: 200, enableForeignKeyConstraints: false })
    try {
      requireOurs(database, file)
      configure(database, size)
      migrate(database, file)
    } catch (error) {
      database.close()
      throw error
    }
    const state = { isResting: false, written: 0 }
    let atRest: DatabaseSync | undefined
    return {
      file,
      prepare: <Row extends readonly unknown[]>(sql: string) => {
        let same: StatementSync | undefined
        const committed = (): StatementSync => {
          atRest ??= connectAtRest(file)
          same ??= prepareOn(atRest, sql)
          return same
        }
        return prepared<Row>({ statement: prepareOn(database, sql), committed, state })
      },
      inTransaction: () => database.isTransaction,
      checkpointAfter: (pages) => database.exec(`PRAGMA wal_autocheckpoint = ${pages}`),
      keepFewPages: (few) => database.exec(`PRAGMA cache_size = -${few ? fewPages : size.cacheSize}`),
      written: () => state.written,
      rest: () => {
        state.isResting = true
      },
      resume: () => {
        state.isResting = false
      },
      vacuum: () => database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)'),
      close: () => {
        atRest?.close()
        database.close()
      }
    }
  })
