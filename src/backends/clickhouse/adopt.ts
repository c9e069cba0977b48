import { type AdoptionCandidate, adopt as adoptOne, takeIn, withTimes } from '../../storage/adoption.ts'
import type { BatchedWriter } from '../../storage/batching/batched-writer.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { earliest } from './events.ts'
import { idLength, idOfBytes } from './keys.ts'
import type { ReadContext } from './look-up.ts'

export interface AdoptOptions {
  readonly context: ReadContext
  /** Quoted, with its database. */
  readonly eventTableName: string
  readonly writer: BatchedWriter
  /** Statements that are being adopted. They are in the event table already. */
  readonly adopted: Map<StatementId, true>
  /** No statement is adopted with a later `stored`. */
  readonly now: Micros
  warn(message: string): void
}

/** Rows that are read at a time, and keys of rows. */
const most = 1000
const mostKeys = 100_000

interface Event {
  readonly id: Buffer
  readonly emissionTime: Micros
  readonly text: string
}

/** Undefined: the row contains no readable statement. */
const readStatement = ({ id, emissionTime, text }: Event, now: Micros): AdoptionCandidate<true> | undefined => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const judged = adoptOne(value, { now, otherwise: Math.max(0, emissionTime) })
  if ('reason' in judged) return undefined
  const { stored, lacksTimes, teaches } = judged
  return { id: idOfBytes(id), stored, text: lacksTimes ? withTimes(text, stored) : text, teaches, place: true }
}

interface Key {
  readonly id: Buffer
  readonly emissionTime: Micros
}

/** Rows of the event table after a position, whose ids are not those of known statements. */
const findForeign = async (
  { connection, tables, store }: ReadContext,
  eventTableName: string,
  after: Key | undefined
): Promise<Key[]> => {
  const rows = await connection.read(
    `SELECT time, id FROM (
      SELECT toUnixTimestamp64Micro(emission_time) AS time,
        toFixedString(UUIDStringToNum(toString(event_id)), 16) AS id
      FROM ${eventTableName} WHERE emission_time >= fromUnixTimestamp64Micro({after:Int64})
    ) WHERE (time > {after:Int64} OR id > unhex({afterId:String}))
      AND id NOT IN (SELECT id FROM ${tables.statement} WHERE store = {store:UInt32})
    ORDER BY time, id LIMIT {limit:UInt32}`,
    { store, after: after?.emissionTime ?? earliest, afterId: after?.id.toString('hex') ?? '', limit: mostKeys }
  )
  const keys: Key[] = []
  while (rows.more()) keys.push({ emissionTime: rows.i64(), id: rows.fixed(idLength) })
  return keys
}

const readEvents = async (
  { connection }: ReadContext,
  eventTableName: string,
  keys: readonly Key[]
): Promise<Event[]> => {
  const [first, last] = [keys[0]?.emissionTime ?? 0, keys.at(-1)?.emissionTime ?? 0]
  const rows = await connection.read(
    `SELECT toFixedString(UUIDStringToNum(toString(event_id)), 16), toUnixTimestamp64Micro(emission_time), event
     FROM ${eventTableName}
     WHERE emission_time >= fromUnixTimestamp64Micro({first:Int64})
       AND emission_time <= fromUnixTimestamp64Micro({last:Int64})
       AND toFixedString(UUIDStringToNum(toString(event_id)), 16) IN (SELECT id FROM given)`,
    { first, last },
    { given: { columns: 'id FixedString(16)', rows: keys.map(({ id }) => id) } }
  )
  const events: Event[] = []
  while (rows.more()) events.push({ id: rows.fixed(idLength), emissionTime: rows.i64(), text: rows.text() })
  return events
}

/**
 * Adopts what other programs, mostly Python Ralph, wrote into the event table, in the order of that table. Returns how many statements were
 * adopted.
 */
export const adopt = async (options: AdoptOptions): Promise<number> => {
  const { context, eventTableName, writer, adopted, now, warn } = options
  let [taken, unreadable] = [0, 0]

  const takeInEvents = async (keys: readonly Key[]): Promise<void> => {
    const events = await readEvents(context, eventTableName, keys)
    const statements = events.map((event) => readStatement(event, now)).filter((each) => each !== undefined)
    unreadable += events.length - statements.length
    taken += (await takeIn(statements, { writer, adopting: adopted })).taken
  }

  for (let after: Key | undefined; ; ) {
    const keys = await findForeign(context, eventTableName, after)
    after = keys.at(-1)
    if (after === undefined) break
    for (let start = 0; start < keys.length; start += most) await takeInEvents(keys.slice(start, start + most))
  }
  if (unreadable > 0) warn(`${eventTableName} has ${unreadable} rows that are not statements: they are skipped`)
  if (taken > 0) warn(`${taken} statements in ${eventTableName}, written by another program, were adopted`)
  return taken
}
