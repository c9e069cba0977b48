import type { Clock } from '../../contracts/clock.ts'
import { importStatuses, type ListImports } from '../../contracts/imports.ts'
import type { KeptImport } from '../kept.ts'
import { createOwner, leaseTime } from './lease.ts'
import type { FoundImport, ImportRecords } from './records.ts'

export type SqlValue = string | number | null
export type SqlRow = Readonly<Record<string, unknown>>

/** What a database engine must do. Parameters are `?1`, `?2`, …. Each statement is a transaction of its own. */
export interface SqlDatabase {
  query(sql: string, ...values: readonly SqlValue[]): Promise<readonly SqlRow[]>
  close(): Promise<void>
}

/** The part of a reference that is indexed: PostgreSQL refuses an index entry of 2,700 bytes, and a URL may be longer. */
const beginningOf = (text: string): string => `substr(${text}, 1, 200)`

/**
 * The schema, in SQL that SQLite and PostgreSQL share. A released step is never changed: add another. Fields that are not
 * searched are in `body`. `textIn` returns the expression for a string in a JSON column, or for NULL.
 */
export const migrationsFor = (textIn: (column: string, path: readonly string[]) => string): readonly string[] => [
  `CREATE TABLE ralph_import (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    door TEXT NOT NULL,
    username TEXT NOT NULL,
    destination TEXT NOT NULL,
    created BIGINT NOT NULL,
    finished BIGINT,
    next_attempt BIGINT,
    lease_owner TEXT,
    lease_until BIGINT,
    body TEXT NOT NULL
  );
  CREATE INDEX ralph_import_created ON ralph_import (created, id);
  CREATE INDEX ralph_import_status ON ralph_import (status, created)`,
  `ALTER TABLE ralph_import ADD COLUMN target TEXT NOT NULL DEFAULT '';
  ALTER TABLE ralph_import ADD COLUMN sha256 TEXT;
  UPDATE ralph_import SET
    target = coalesce(${textIn('body', ['user', 'target'])}, ''),
    sha256 = ${textIn('body', ['sha256'])};
  CREATE INDEX ralph_import_sha256 ON ralph_import (sha256)`,
  `ALTER TABLE ralph_import ADD COLUMN reference TEXT;
  UPDATE ralph_import SET reference = ${textIn('body', ['source', 'reference'])};
  CREATE INDEX ralph_import_reference ON ralph_import (${beginningOf('reference')})`
]

const columns = 'body, lease_owner, lease_until'

/** What `save` writes, in the order of its parameters, after the id. */
const valuesOf = (kept: KeptImport): readonly SqlValue[] => [
  kept.status,
  kept.finished ?? null,
  kept.nextAttempt ?? null,
  kept.sha256 ?? null,
  JSON.stringify(kept)
]

// `valuesOf` wrote the body.
const keptIn = (row: SqlRow): KeptImport => JSON.parse(String(row.body)) as KeptImport

const textOf = (value: unknown): string => (value === null || value === undefined ? '' : String(value))

/** The condition of a list, and the values of its parameters. */
const conditionOf = (filter: ListImports): { readonly where: string; readonly values: readonly SqlValue[] } => {
  const { status, door, user, store, reference, sha256, after } = filter
  const columns: readonly (readonly [name: string, value: string | undefined])[] = [
    ['status', status],
    ['door', door],
    ['username', user],
    ['target', store && (store.target ?? '')],
    ['sha256', sha256]
  ]
  const values: SqlValue[] = []
  const parameter = (value: SqlValue): string => `?${values.push(value)}`
  const terms = columns.flatMap(([name, value]) => (value === undefined ? [] : [`${name} = ${parameter(value)}`]))
  if (reference !== undefined) {
    const wanted = parameter(reference)
    terms.push(`${beginningOf('reference')} = ${beginningOf(wanted)} AND reference = ${wanted}`)
  }
  if (after !== undefined) {
    // A position in the order that stays valid when records are added or removed.
    terms.push(`(created, id) < (${parameter(Date.parse(after.created))}, ${parameter(after.id)})`)
  }
  return { where: terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`, values }
}

type Lookups = Pick<ImportRecords, 'find' | 'list' | 'counts' | 'nextAttempt' | 'due' | 'finishedBefore'>

/** Queries that do not claim a record. `isHeld`: a process is running it. */
const lookupsIn = (
  database: SqlDatabase,
  rowOf: (id: string) => Promise<SqlRow | undefined>,
  isHeld: (row: SqlRow) => boolean
): Lookups => {
  const found = (row: SqlRow): FoundImport => ({ kept: keptIn(row), isRunning: isHeld(row) })
  return {
    find: async (id) => {
      const row = await rowOf(id)
      return row && found(row)
    },
    list: async ({ limit = 100, ...filter }) => {
      const { where, values } = conditionOf(filter)
      const rows = await database.query(
        `SELECT ${columns} FROM ralph_import ${where} ORDER BY created DESC, id DESC LIMIT ?${values.length + 1}`,
        ...[...values, limit]
      )
      return rows.map(found)
    },
    counts: async () => {
      const rows = await database.query('SELECT status, count(*) AS count FROM ralph_import GROUP BY status')
      const found = new Map(rows.map(({ status, count }) => [textOf(status), Number(count)]))
      return new Map(importStatuses.map((status) => [status, found.get(status) ?? 0]))
    },
    nextAttempt: async (delivers) => {
      const rows = await database.query(
        `SELECT destination, min(next_attempt) AS next FROM ralph_import WHERE status = 'RETRY' GROUP BY destination`
      )
      const times = rows.flatMap(({ destination, next }) =>
        next !== null && delivers(textOf(destination)) ? [Number(next)] : []
      )
      return times.length === 0 ? undefined : Math.min(...times)
    },
    due: async (time, delivers) => {
      const rows = await database.query(
        `SELECT id, destination, lease_owner, lease_until FROM ralph_import
         WHERE status IN ('QUERYING', 'VALIDATING', 'PROCESSING') OR (status = 'RETRY' AND next_attempt <= ?1)
         ORDER BY created, id`,
        time
      )
      return rows.flatMap((row) => (isHeld(row) || !delivers(textOf(row.destination)) ? [] : [textOf(row.id)]))
    },
    finishedBefore: async (time, status) => {
      const rows = await database.query(
        `SELECT id, status FROM ralph_import WHERE finished <= ?1 AND (?2 = '' OR status = ?2) ORDER BY created, id`,
        ...[time, status ?? '']
      )
      return rows.map(({ id }) => textOf(id))
    }
  }
}

/** Records in a database. `clock` is the clock of the leases. */
export const sqlRecords = (database: SqlDatabase, clock: Clock): ImportRecords => {
  const owner = createOwner()
  const now = (): number => Math.floor(clock() / 1000)
  const isHeld = (row: SqlRow): boolean => {
    const holder = textOf(row.lease_owner)
    return holder !== '' && Number(row.lease_until) > now() && !owner.isGone(holder)
  }
  const rowOf = async (id: string): Promise<SqlRow | undefined> =>
    (await database.query(`SELECT ${columns} FROM ralph_import WHERE id = ?1`, id))[0]

  return {
    ...lookupsIn(database, rowOf, isHeld),
    insert: async (kept) => {
      const { id, source, destination, created } = kept
      await database.query(
        `INSERT INTO ralph_import
           (id, status, finished, next_attempt, sha256, body, door, username, target, reference, destination, created,
            lease_owner, lease_until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
        ...[id, ...valuesOf(kept), source.door, source.user ?? '', kept.user?.target ?? '', source.reference],
        ...[destination, created],
        ...[owner.text, now() + leaseTime]
      )
    },
    claim: async (id) => {
      const row = await rowOf(id)
      if (row === undefined || isHeld(row)) return undefined
      // The lease must still be the one that was seen as free. Of two concurrent claims, one finds it changed.
      const [claimed] = await database.query(
        `UPDATE ralph_import SET lease_owner = ?2, lease_until = ?3
         WHERE id = ?1 AND coalesce(lease_owner, '') = ?4 AND coalesce(lease_until, 0) = ?5 RETURNING body`,
        ...[id, owner.text, now() + leaseTime, textOf(row.lease_owner), Number(row.lease_until ?? 0)]
      )
      return claimed && keptIn(claimed)
    },
    renew: async (id) => {
      const rows = await database.query(
        'UPDATE ralph_import SET lease_until = ?2 WHERE id = ?1 AND lease_owner = ?3 RETURNING id',
        ...[id, now() + leaseTime, owner.text]
      )
      return rows.length > 0
    },
    save: async (kept) => {
      const rows = await database.query(
        `UPDATE ralph_import SET status = ?2, finished = ?3, next_attempt = ?4, sha256 = ?5, body = ?6
         WHERE id = ?1 AND lease_owner = ?7 RETURNING id`,
        ...[kept.id, ...valuesOf(kept), owner.text]
      )
      return rows.length > 0
    },
    release: async (id) => {
      await database.query(
        'UPDATE ralph_import SET lease_owner = NULL, lease_until = NULL WHERE id = ?1 AND lease_owner = ?2',
        ...[id, owner.text]
      )
    },
    remove: async (id) => {
      await database.query('DELETE FROM ralph_import WHERE id = ?1 AND lease_owner = ?2', id, owner.text)
    },
    close: () => database.close()
  }
}
