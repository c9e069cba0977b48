import { randomUUID } from 'node:crypto'
import type { InputRecord } from '../../../contracts/data-backend.ts'
import type { KeyedRecord, NotWritten, RecordContainer } from '../../../records/reconcile.ts'
import { type Micros, parseMicros } from '../../../xapi/timestamp.ts'
import type { Appender } from '../appender.ts'
import type { Connection } from '../connect.ts'
import type { EventIds } from '../event-ids.ts'
import { clampedTime } from '../events.ts'
import { bytesOfId, idLength, idOfBytes, uuidOfBytes } from '../keys.ts'
import { createRowWriter } from '../row-binary.ts'

interface Event extends KeyedRecord {
  /** Normalized. */
  readonly id: string
  readonly time: Micros
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

const eventOf = (record: InputRecord): Event | string => {
  const { id = randomUUID(), timestamp } = record.value
  if (typeof id !== 'string' || !uuid.test(id)) return `has an id that is no UUID: ${JSON.stringify(id)}`
  if (timestamp === undefined) return "has no timestamp, which Ralph's table is ordered by"
  const time = typeof timestamp === 'string' ? parseMicros(timestamp) : undefined
  if (time === undefined) return `has an invalid timestamp: ${JSON.stringify(timestamp)}`
  return { record, id: idOfBytes(bytesOfId(id.toLowerCase())), time: clampedTime(time) }
}

const noEvents: ReadonlyMap<string, readonly string[]> = new Map()

/** The events of these ids. Python Ralph may have written an id more than once. */
const readEvents = async (
  connection: Connection,
  table: string,
  wanted: readonly Event[],
  signal: AbortSignal | undefined
): Promise<ReadonlyMap<string, readonly string[]>> => {
  if (wanted.length === 0) return noEvents
  const ids = createRowWriter()
  for (const { id } of wanted) ids.fixed(uuidOfBytes(bytesOfId(id)))
  const rows = await connection.read(
    `SELECT event_id, event FROM ${table} PREWHERE event_id IN (SELECT id FROM given)`,
    {},
    { given: { columns: 'id UUID', rows: ids.finish() }, ...(signal === undefined ? {} : { signal }) }
  )
  const events = new Map<string, string[]>()
  while (rows.more()) {
    const id = idOfBytes(uuidOfBytes(rows.fixed(idLength)))
    const event = rows.text()
    const some = events.get(id)
    if (some === undefined) events.set(id, [event])
    else some.push(event)
  }
  return events
}

const othersOf = (underWay: RecordTable['underWay'], events: readonly Event[]): Promise<unknown>[] =>
  underWay.size === 0 ? [] : [...new Set(events.flatMap(({ id }) => underWay.get(id) ?? []))]

/** A table that is written to. */
export interface RecordTable {
  /** Quoted, with its database. */
  readonly name: string
  readonly appender: Appender
  readonly ids: EventIds
  /** Ids whose rows are being written, with the end of each write. */
  readonly underWay: Map<string, Promise<unknown>>
}

/** The table of Python Ralph. ClickHouse has no unique keys, so existing ids are looked up before a write. */
export const recordContainer = (
  connection: Connection,
  { name, appender, ids, underWay }: RecordTable,
  signal: AbortSignal | undefined
): RecordContainer<Event> => {
  const addMissing = async (events: readonly Event[]): Promise<ReadonlyMap<Event, NotWritten>> => {
    const asked = events.filter(({ id }) => ids.mayHave(bytesOfId(id)))
    const present = await readEvents(connection, name, asked, signal)
    const refused = new Map<Event, NotWritten>()
    const rows = createRowWriter()
    for (const event of events) {
      const there = present.get(event.id)
      if (there !== undefined) {
        refused.set(event, { there })
        continue
      }
      const bytes = bytesOfId(event.id)
      ids.add(bytes)
      rows.fixed(uuidOfBytes(bytes))
      rows.i64(event.time)
      rows.text(event.record.text)
    }
    if (refused.size < events.length) await appender.append(rows.finish())
    return refused
  }

  return {
    keyOf: eventOf,
    create: async (events) => {
      // Waits for writes of this process with some of the same ids. Otherwise both would find the ids missing.
      for (let others = othersOf(underWay, events); others.length > 0; others = othersOf(underWay, events)) {
        await Promise.allSettled(others)
      }
      const adding = addMissing(events)
      for (const { id } of events) underWay.set(id, adding)
      try {
        return await adding
      } finally {
        for (const { id } of events) underWay.delete(id)
      }
    }
  }
}
