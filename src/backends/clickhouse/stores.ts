import type { Connection } from './connect.ts'
import type { TableNames } from './names.ts'
import { createRowWriter } from './row-binary.ts'

/** A row of the table of stores. */
export interface StoreRow {
  readonly number: number
  /** The name of its event table. */
  readonly eventTable: string
  /** The id of the writer that opened it last. */
  readonly writer: string
  /** Rows of the event table that are not separate statements. */
  readonly spare: number
}

/** The stores of the database, in memory: there is no other writer. */
export interface StoreList {
  /** The store with this event table. A new one is in no table before `put`. */
  of(eventTable: string): StoreRow
  put(row: StoreRow): Promise<void>
}

export const readStores = async (connection: Connection, tables: TableNames): Promise<StoreList> => {
  const rows = await connection.read(
    `SELECT number, event_table, version, writer, spare FROM ${tables.store} ORDER BY version DESC LIMIT 1 BY number`
  )
  const stores = new Map<string, StoreRow>()
  let [lastNumber, lastVersion] = [0, 0]
  while (rows.more()) {
    const [number, eventTable, version, writer, spare] = [rows.u32(), rows.text(), rows.i64(), rows.text(), rows.i64()]
    stores.set(eventTable, { number, eventTable, writer, spare })
    lastNumber = Math.max(lastNumber, number)
    lastVersion = Math.max(lastVersion, version)
  }
  return {
    of: (eventTable) => {
      const known = stores.get(eventTable)
      if (known !== undefined) return known
      lastNumber += 1
      const row = { number: lastNumber, eventTable, writer: '', spare: 0 }
      stores.set(eventTable, row)
      return row
    },
    put: async (row) => {
      lastVersion += 1
      const writer = createRowWriter()
      writer.u32(row.number)
      writer.text(row.eventTable)
      writer.i64(lastVersion)
      writer.text(row.writer)
      writer.i64(row.spare)
      await connection.insert(tables.store, writer.finish())
      stores.set(row.eventTable, row)
    }
  }
}
