import type { DatabaseSync } from 'node:sqlite'
import type { NotWritten, RecordContainer } from '../../../records/reconcile.ts'
import { type RecordRow, rowOf } from '../../../records/rows.ts'
import { translating } from '../errors.ts'
import { noTime, quoted } from './file.ts'

/** A table of records in a file. Each call is one transaction: it writes all records that are not refused, or none. */
export const recordContainer = (database: DatabaseSync, file: string, table: string): RecordContainer<RecordRow> => {
  const name = quoted(table)
  const insertSql = `INSERT INTO ${name} (id, timestamp, record) VALUES (?, ?, ?) ON CONFLICT (id) DO`

  const inTransaction = <Row>(
    rows: readonly Row[],
    prepare: () => (row: Row) => NotWritten | undefined
  ): ReadonlyMap<Row, NotWritten> =>
    translating(file, () => {
      const refused = new Map<Row, NotWritten>()
      const write = prepare()
      database.exec('BEGIN IMMEDIATE')
      try {
        for (const row of rows) {
          const why = write(row)
          if (why !== undefined) refused.set(row, why)
        }
        database.exec('COMMIT')
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
      return refused
    })

  return {
    keyOf: rowOf,
    create: async (rows) =>
      inTransaction(rows, () => {
        const insert = database.prepare(`${insertSql} NOTHING`)
        const select = database.prepare(`SELECT record FROM ${name} WHERE id = ?`)
        return ({ record, id, time = noTime }) =>
          insert.run(id, time, record.text).changes > 0 ? undefined : { there: [String(select.get(id)?.record)] }
      }),
    replace: async (rows, orMake) =>
      inTransaction(rows, () => {
        const write = database.prepare(
          orMake
            ? `${insertSql} UPDATE SET timestamp = excluded.timestamp, record = excluded.record`
            : `UPDATE ${name} SET timestamp = ?2, record = ?3 WHERE id = ?1`
        )
        return ({ record, id, time = noTime }) => (write.run(id, time, record.text).changes > 0 ? undefined : 'missing')
      }),
    removal: {
      keyOf: rowOf,
      remove: async (rows) =>
        inTransaction(rows, () => {
          const remove = database.prepare(`DELETE FROM ${name} WHERE id = ?`)
          return ({ id = '' }) => (remove.run(id).changes > 0 ? undefined : 'missing')
        })
    }
  }
}
