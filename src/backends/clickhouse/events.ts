import type { NewStatement } from '../../rounds/engine.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { type Micros, parseMicros } from '../../xapi/timestamp.ts'
import { columns, namesOf } from './columns.ts'
import { bytesOfId, idLength, uuidOfBytes } from './keys.ts'
import type { Asker } from './lookup.ts'
import { createRowWriter, type Rows } from './row-binary.ts'

/** What a DateTime64 shows (1900 to 2299), in microseconds. */
export const earliest = Date.UTC(1900, 0, 1) * 1000
const latest = Date.UTC(2300, 0, 1) * 1000 - 1

/** As Ralph has it: the `timestamp` of the statement. */
export const emissionTime = ({ statement, stored }: Pick<NewStatement, 'statement' | 'stored'>): Micros => {
  const time = statement.timestamp === undefined ? stored : (parseMicros(statement.timestamp) ?? stored)
  return Math.min(Math.max(time, earliest), latest)
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

/** Gives the event table what it lacks of the statements stored since. */
export const completeEvents = async (
  { connection, tables, store }: Asker,
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

/** Ids in a parameter, of 32 digits each. */
const most = 100

/** Takes out of the event table what was never stored; most often it is not in it. */
export const removeEvents = async (
  { connection }: Asker,
  eventTable: string,
  ids: readonly StatementId[]
): Promise<void> => {
  if (ids.length === 0) return
  const rows = await connection.read(
    `SELECT DISTINCT toFixedString(UUIDStringToNum(toString(event_id)), 16) AS id FROM ${eventTable}
     WHERE id IN (SELECT id FROM given)`,
    {},
    { given: { columns: 'id FixedString(16)', rows: ids.map(bytesOfId) } }
  )
  const there: string[] = []
  while (rows.more()) there.push(rows.fixed(idLength).toString('hex'))
  for (let start = 0; start < there.length; start += most) {
    const chunk = there.slice(start, start + most)
    await connection.run(
      `ALTER TABLE ${eventTable} DELETE WHERE event_id IN (
         SELECT toUUID(UUIDNumToString(toFixedString(substring(unhex({ids:String}), number * 16 + 1, 16), 16)))
         FROM numbers({count:UInt32}))`,
      { ids: chunk.join(''), count: chunk.length }
    )
  }
}
