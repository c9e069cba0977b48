import type { DatabaseSync } from 'node:sqlite'
import type { BatchReport, InputRecord, Rejected, WriteOperation } from '../../../contracts/data-backend.ts'
import { isSameRecord, notCreated, notUpdated, type RecordRow, rowOf } from '../../../records/rows.ts'
import { noTime, quoted } from './file.ts'

/** What one record becomes: written, there before, or a reason. */
type Fate = 'written' | 'already' | { readonly reason: string }

const createWriter = (database: DatabaseSync, table: string, operation: WriteOperation) => {
  const name = quoted(table)
  const values = 'VALUES (?, ?, ?)'
  switch (operation) {
    case 'create': {
      const insert = database.prepare(
        `INSERT INTO ${name} (id, timestamp, record) ${values} ON CONFLICT (id) DO NOTHING`
      )
      const select = database.prepare(`SELECT record FROM ${name} WHERE id = ?`)
      return ({ record, id, time = noTime }: RecordRow): Fate => {
        if (insert.run(id, time, record.text).changes > 0) return 'written'
        return isSameRecord(String(select.get(id)?.record), record) ? 'already' : { reason: notCreated(id) }
      }
    }
    case 'update': {
      const update = database.prepare(`UPDATE ${name} SET timestamp = ?, record = ? WHERE id = ?`)
      return ({ record, id, time = noTime }: RecordRow): Fate =>
        update.run(time, record.text, id).changes > 0 ? 'written' : { reason: notUpdated(id) }
    }
    case 'delete': {
      const remove = database.prepare(`DELETE FROM ${name} WHERE id = ?`)
      return ({ id }: RecordRow): Fate => (remove.run(id).changes > 0 ? 'written' : 'already')
    }
    default: {
      const upsert = database.prepare(
        `INSERT INTO ${name} (id, timestamp, record) ${values}
         ON CONFLICT (id) DO UPDATE SET timestamp = excluded.timestamp, record = excluded.record`
      )
      return ({ record, id, time = noTime }: RecordRow): Fate => {
        upsert.run(id, time, record.text)
        return 'written'
      }
    }
  }
}

/** A batch into one table, in one transaction: all that is not rejected, or nothing. */
export const writeBatch = (
  database: DatabaseSync,
  table: string,
  operation: WriteOperation,
  batch: readonly InputRecord[]
): BatchReport => {
  const rejected: Rejected[] = []
  let written = 0
  let already = 0
  const write = createWriter(database, table, operation)
  database.exec('BEGIN IMMEDIATE')
  try {
    for (const record of batch) {
      const row = rowOf(record)
      const fate = typeof row === 'string' ? { reason: row } : write(row)
      if (fate === 'written') written += 1
      else if (fate === 'already') already += 1
      else rejected.push({ record, reason: fate.reason })
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
  return { written, already, rejected }
}
