import type { NewStatement } from '../../storage/batching/engine.ts'
import { type Micros, parseMicros } from '../../xapi/timestamp.ts'
import { columns, namesOf } from './columns.ts'
import { bytesOfId, uuidOfBytes } from './keys.ts'
import type { ReadContext } from './look-up.ts'
import { createRowWriter, type Rows } from './row-binary.ts'

/** The range of a DateTime64 (1900 to 2299), in microseconds. */
export const earliest = Date.UTC(1900, 0, 1) * 1000
const latest = Date.UTC(2300, 0, 1) * 1000 - 1

/** The nearest time that the table can hold. */
export const clampedTime = (time: Micros): Micros => Math.min(Math.max(time, earliest), latest)

/** The value that Python Ralph writes: the `timestamp` of the statement. */
export const emissionTime = ({ statement, stored }: Pick<NewStatement, 'statement' | 'stored'>): Micros => {
  const time = statement.timestamp === undefined ? stored : (parseMicros(statement.timestamp) ?? stored)
  return clampedTime(time)
}

export const eventRows = (statements: readonly NewStatement[]): Rows => {
  const rows = createRowWriter()
  for (const statement of statements) {
    rows.fixed(uuidOfBytes(bytesOfId(statement.id)))
    rows.i64(emissionTime(statement))
    rows.text(statement.text)
  }
  return rows.finish()
}

/** Copies the statements that the event table lacks since a time. */
export const completeEvents = async (
  { connection, tables, store }: ReadContext,
  eventTable: string,
  since: Micros
): Promise<void> => {
  const lacking = `SELECT emission_time FROM ${tables.statement} WHERE store = {store:UInt32} AND stored >= {since:Int64}`
  await connection.run(
    `INSERT INTO ${eventTable} (${namesOf(columns.event)})
     SELECT toUUID(UUIDNumToString(id)), fromUnixTimestamp64Micro(emission_time), text FROM ${tables.statement}
     WHERE store = {store:UInt32} AND stored >= {since:Int64} AND id NOT IN (
       SELECT toFixedString(UUIDStringToNum(toString(event_id)), 16) FROM ${eventTable}
       WHERE emission_time >= (SELECT fromUnixTimestamp64Micro(min(emission_time)) FROM (${lacking}))
         AND emission_time <= (SELECT fromUnixTimestamp64Micro(max(emission_time)) FROM (${lacking}))
     )`,
    { store, since }
  )
}
