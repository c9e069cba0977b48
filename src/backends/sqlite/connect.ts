import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { RalphError } from '../../errors.ts'
import { missingMigrations } from '../../storage/migrations.ts'
import { translating } from './errors.ts'
import { migrations } from './migrations.ts'

/** A prepared statement, kept for the life of its connection. */
export interface Prepared<Row> {
  all(...values: readonly SQLInputValue[]): Row[]
  get(...values: readonly SQLInputValue[]): Row | undefined
  /** Returns how many rows it changed. */
  run(...values: readonly SQLInputValue[]): number
}

/**
 * What a store knows of its file: every statement runs to its end before anything else happens. There is one connection,
 * and a second one to read by while a transaction rests.
 */
export interface Connection {
  readonly file: string
  /** `Row` says what the columns are; the schema holds it true. */
  prepare<Row extends readonly unknown[] = never>(sql: string): Prepared<Row>
  inTransaction(): boolean
  /** `pagesOfLog` from now on; 0: never. */
  checkpointAfter(pages: number): void
  /** Keeps few pages in memory from now on, or as many as before: what else was changed is in the log already. */
  keepFewPages(few: boolean): void
  /** Bytes of all texts and blobs that were handed to statements so far, about. */
  written(): number
  /** The transaction stays open, and until `resume` everything is answered as it was before it began. */
  rest(): void
  resume(): void
  close(): void
}

/** Marks the file as ours, so that no other program's database is taken for a store: "RLPH". */
const applicationId = 0x524c5048

/** Pages in the log after which a commit copies them into the database. */
export const pagesOfLog = 2000

/** KiB of pages kept in memory. */
export interface CacheSize {
  readonly cacheSize: number
}

const firstNumber = (database: DatabaseSync, sql: string): number =>
  Number(Object.values(database.prepare(sql).get() ?? {})[0])

const missing = (database: DatabaseSync, file: string) =>
  missingMigrations(migrations, firstNumber(database, 'PRAGMA user_version'), { name: file, details: { path: file } })

/** Looks, and changes nothing, so that what is not ours stays as it is. */
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
    // Another process may have migrated it until now.
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
  /** The same one, of the connection to read by at rest. */
  readonly committed: () => StatementSync
  readonly state: { isResting: boolean; written: number }
}

const lengthOf = (value: SQLInputValue | undefined): number => {
  if (typeof value === 'string') return value.length
  return typeof value === 'object' && value !== null ? value.byteLength : 0
}

const prepared = <Row>({ statement, committed, state }: Preparing): Prepared<Row> => ({
  // The row types are those of the schema, which this file alone creates.
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

/** KiB of pages for those who read while a transaction rests, and for a transaction that is large. */
const fewPages = 1000

/** Sees what is committed, and cannot write. */
const connectAtRest = (file: string): DatabaseSync => {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 200 })
  database.exec(`PRAGMA cache_size = -${fewPages}`)
  return database
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
      close: () => {
        atRest?.close()
        database.close()
      }
    }
  })
