import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { RalphError } from '../../../errors.ts'
import type { Micros } from '../../../xapi/timestamp.ts'
import { translating } from '../errors.ts'

/** Marks a file of records as one of ours: "RLPD". The files of an LRS have another mark. */
const recordsId = 0x524c5044
const lrsId = 0x524c5048

/** Milliseconds to wait for another process that writes. */
const patience = 10_000

/** The time of a record without a time. It comes first. */
export const noTime: Micros = Number.MIN_SAFE_INTEGER

/** The form of SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const firstNumber = (database: DatabaseSync, sql: string): number =>
  Number(Object.values(database.prepare(sql).get() ?? {})[0])

const requireId = (database: DatabaseSync, file: string, id: number): void => {
  if (firstNumber(database, 'SELECT count(*) FROM sqlite_schema') === 0) return
  if (firstNumber(database, 'PRAGMA application_id') === id) return
  throw new RalphError('INVALID_SETTING', `${file} is not a file of Ralph that can be used here: choose another one`, {
    path: file
  })
}

const openAs = (file: string, id: number, readOnly: boolean): DatabaseSync =>
  translating(file, () => {
    const database = new DatabaseSync(file, { readOnly, timeout: patience })
    try {
      requireId(database, file, id)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  })

/** Throws `NOT_FOUND` when the file does not exist. */
export const openLrsFile = (file: string): DatabaseSync => {
  if (!existsSync(file)) throw new RalphError('NOT_FOUND', `${file} is not there`, { path: file })
  return openAs(file, lrsId, true)
}

/** The file of the tables. Undefined: it does not exist and must not be created. */
export const openRecordsFile = (file: string, make: boolean): DatabaseSync | undefined => {
  if (!make && !existsSync(file)) return undefined
  try {
    mkdirSync(dirname(file), { recursive: true })
  } catch (cause) {
    throw new RalphError('STORE_FULL', `${dirname(file)} cannot be created`, { path: file }, { cause })
  }
  const database = openAs(file, recordsId, false)
  translating(file, () =>
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -16000;
      PRAGMA application_id = ${recordsId};
    `)
  )
  return database
}

/** `timestamp` is in microseconds since 1970. */
export const definitionOf = (table: string): string => `
  CREATE TABLE IF NOT EXISTS ${quoted(table)} (
    id TEXT NOT NULL UNIQUE,
    timestamp INTEGER NOT NULL,
    record TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS ${quoted(`${table}_timestamp`)} ON ${quoted(table)} (timestamp, id);`

export const tableNames = (database: DatabaseSync): readonly string[] =>
  database
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name"
    )
    .all()
    .map(({ name }) => String(name))

export const requireName = (table: string): string => {
  if (table !== '' && !table.startsWith('sqlite_') && !table.includes('\0')) return table
  throw new RalphError('NOT_FOUND', `${JSON.stringify(table)} is not the name of a table`)
}

export const asArrays = (statement: StatementSync): StatementSync => {
  statement.setReturnArrays(true)
  return statement
}
