import type { Micros } from '../../xapi/timestamp.ts'
import type { Connection } from './connect.ts'
import type { TableNames } from './names.ts'
import { createRowWriter } from './row-binary.ts'

/** How a writer ended. */
export const ends = { alive: 0, byItself: 1, takenOver: 2 } as const

export interface WriterRow {
  readonly writer: string
  readonly name: string
  readonly machine: string
  readonly pid: number
  readonly beat: number
  readonly ended: number
  /** Times up to `through` may have been given out. `last` belongs to a writer that ended well: times up to it were given out. */
  readonly through: Micros
  readonly last: Micros
}

/** The prefix of the ids of the queries of a writer. The number after it counts the attempts to become the writer. */
export const queryPrefixOf = (writer: string): string => writer.replace(/~\d+$/, '')

export const readWriters = async (connection: Connection, tables: TableNames): Promise<WriterRow[]> => {
  const rows = await connection.read(
    `SELECT writer, any(name), any(machine), any(pid), max(beat), max(ended), max(through), max(last)
     FROM ${tables.writer} GROUP BY writer`
  )
  const all: WriterRow[] = []
  while (rows.more()) {
    all.push({
      writer: rows.text(),
      name: rows.text(),
      machine: rows.text(),
      pid: rows.u32(),
      beat: rows.i64(),
      ended: rows.u8(),
      through: rows.i64(),
      last: rows.i64()
    })
  }
  return all
}

export const putWriter = async (connection: Connection, tables: TableNames, row: WriterRow): Promise<void> => {
  const rows = createRowWriter()
  for (const text of [row.writer, row.name, row.machine]) rows.text(text)
  rows.u32(row.pid)
  rows.i64(row.beat)
  rows.u8(row.ended)
  rows.i64(row.through)
  rows.i64(row.last)
  await connection.insert(tables.writer, rows.finish())
}
