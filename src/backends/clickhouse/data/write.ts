import { randomUUID } from 'node:crypto'
import type { BatchReport, InputRecord, Rejected } from '../../../contracts/data-backend.ts'
import { sameJson } from '../../../xapi/same-json.ts'
import type { Json } from '../../../xapi/statement.ts'
import { type Micros, parseMicros } from '../../../xapi/timestamp.ts'
import type { Appender } from '../appender.ts'
import type { Connection } from '../connect.ts'
import type { EventIds } from '../event-ids.ts'
import { clampedTime } from '../events.ts'
import { bytesOfId, idLength, idOfBytes, uuidOfBytes } from '../keys.ts'
import { createRowWriter } from '../row-binary.ts'

interface Planned {
  readonly record: InputRecord
  /** Normalised. */
  readonly id: string
  readonly time: Micros
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

const plan = (record: InputRecord): Planned | string => {
  const { id = randomUUID(), timestamp } = record.value
  if (typeof id !== 'string' || !uuid.test(id)) return `has an id that is no UUID: ${JSON.stringify(id)}`
  if (timestamp === undefined) return "has no timestamp, which Ralph's table is ordered by"
  const time = typeof timestamp === 'string' ? parseMicros(timestamp) : undefined
  if (time === undefined) return `has a timestamp that is none: ${JSON.stringify(timestamp)}`
  return { record, id: idOfBytes(bytesOfId(id.toLowerCase())), time: clampedTime(time) }
}

const noEvents: ReadonlyMap<string, readonly string[]> = new Map()

/** The events of these ids, which Ralph may have written more than once. */
const eventsOf = async (
  connection: Connection,
  table: string,
  planned: readonly Planned[],
  signal: AbortSignal | undefined
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const ids = createRowWriter()
  for (const { id } of planned) ids.fixed(uuidOfBytes(bytesOfId(id)))
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

const othersOf = (underWay: RecordTable['underWay'], planned: readonly Planned[]): Promise<unknown>[] =>
  underWay.size === 0 ? [] : [...new Set(planned.flatMap(({ id }) => underWay.get(id) ?? []))]

const isSame = (text: string, record: InputRecord): boolean =>
  text === record.text ||
  // Whoever wrote it may have written anything; a record was read from JSON.
  (text.startsWith('{') && sameJson(JSON.parse(text) as Json, record.value as Json))

/** A table that is written to. */
export interface RecordTable {
  /** Quoted, with its database. */
  readonly name: string
  readonly appender: Appender
  readonly ids: EventIds
  /** Ids whose rows are under way, and when they have arrived, or not. */
  readonly underWay: Map<string, Promise<unknown>>
}

/**
 * Adds a batch to Ralph's table. ClickHouse has no unique keys: which ids are there is asked before. All of it may be
 * done again.
 */
export const createBatch = async (
  connection: Connection,
  { name, appender, ids, underWay }: RecordTable,
  batch: readonly InputRecord[],
  signal: AbortSignal | undefined
): Promise<BatchReport> => {
  const rejected: Rejected[] = []
  let already = 0
  const first = new Map<string, Planned>()
  const refuse = (record: InputRecord, id: string): void => {
    rejected.push({ record, reason: `is not created: another record has the id ${id}` })
  }
  for (const record of batch) {
    const each = plan(record)
    if (typeof each === 'string') {
      rejected.push({ record, reason: each })
      continue
    }
    const before = first.get(each.id)
    if (before === undefined) first.set(each.id, each)
    else if (isSame(before.record.text, record)) already += 1
    else refuse(record, each.id)
  }
  const planned = [...first.values()]
  if (planned.length === 0) return { written: 0, already, rejected }
  const addMissing = async (): Promise<number> => {
    const asked = planned.filter(({ id }) => ids.mayHave(bytesOfId(id)))
    const there = asked.length === 0 ? noEvents : await eventsOf(connection, name, asked, signal)
    const rows = createRowWriter()
    let written = 0
    for (const { record, id, time } of planned) {
      const events = there.get(id)
      if (events === undefined) {
        const bytes = bytesOfId(id)
        ids.add(bytes)
        rows.fixed(uuidOfBytes(bytes))
        rows.i64(time)
        rows.text(record.text)
        written += 1
      } else if (events.some((event) => isSame(event, record))) already += 1
      else refuse(record, id)
    }
    if (written > 0) await appender.append(rows.finish())
    return written
  }

  // Others of this process that write some of the same ids are waited for: both would find them missing.
  for (let others = othersOf(underWay, planned); others.length > 0; others = othersOf(underWay, planned)) {
    await Promise.allSettled(others)
  }
  const adding = addMissing()
  for (const { id } of planned) underWay.set(id, adding)
  try {
    const written = await adding
    return { written, already, rejected }
  } finally {
    for (const { id } of planned) underWay.delete(id)
  }
}
