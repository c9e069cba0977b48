import type { BatchReport, InputRecord, Rejected, WriteOptions } from '../../../contracts/data-backend.ts'
import { isSameRecord, notCreated, notUpdated, type RecordRow, rowOf } from '../../../records/rows.ts'
import { formatMicros, type Micros } from '../../../xapi/timestamp.ts'
import type { Query, Value } from '../query-text.ts'
import { type Asked, isOfRecord } from './errors.ts'
import type { RecordTable } from './table.ts'

/** Rows and characters of one statement of SQL. */
const most = { rows: 1000, characters: 8_000_000 } as const

/** 0001-01-01: the year 0 of ISO 8601 is not one of PostgreSQL's. */
const earliest: Micros = -62_135_596_800_000_000

const timeText = (time: Micros | undefined): string =>
  time === undefined ? '-infinity' : formatMicros(Math.max(time, earliest))

function* pieces(rows: readonly RecordRow[]): Generator<readonly RecordRow[]> {
  let start = 0
  let size = 0
  for (const [at, { record }] of rows.entries()) {
    if (at - start === most.rows || (size + record.text.length > most.characters && at > start)) {
      yield rows.slice(start, at)
      start = at
      size = 0
    }
    size += record.text.length
  }
  if (start < rows.length) yield rows.slice(start)
}

const valuesOf = (rows: readonly RecordRow[]): { readonly list: string; readonly values: readonly Value[] } => {
  const values: Value[] = []
  const list = rows.map(({ record, id, time }) => {
    const at = values.push(id, timeText(time), record.text)
    return `($${at - 2}, $${at - 1}::timestamptz, $${at}::json)`
  })
  return { list: list.join(), values }
}

type Ids = Query<[id: string]>

const insertRows = ({ sql }: RecordTable, rows: readonly RecordRow[], replaces: boolean): Ids => {
  const { list, values } = valuesOf(rows)
  const conflict = replaces
    ? 'DO UPDATE SET "timestamp" = excluded."timestamp", record = excluded.record'
    : 'DO NOTHING'
  const text = `INSERT INTO ${sql} (id, "timestamp", record) VALUES ${list} ON CONFLICT (id) ${conflict} RETURNING id`
  return { name: undefined, text, values }
}

const updateRows = ({ sql }: RecordTable, rows: readonly RecordRow[]): Ids => {
  const { list, values } = valuesOf(rows)
  const text = `UPDATE ${sql} AS present SET "timestamp" = given."timestamp", record = given.record
    FROM (VALUES ${list}) AS given (id, "timestamp", record) WHERE present.id = given.id RETURNING present.id`
  return { name: undefined, text, values }
}

const placeholders = (ids: readonly string[]): string => ids.map((_, at) => `$${at + 1}`).join()

const deleteRows = ({ sql }: RecordTable, ids: readonly string[]): Ids => ({
  name: undefined,
  text: `DELETE FROM ${sql} WHERE id IN (${placeholders(ids)}) RETURNING id`,
  values: ids
})

const selectRows = ({ sql }: RecordTable, ids: readonly string[]): Query<[id: string, record: string]> => ({
  name: undefined,
  text: `SELECT id, record::text FROM ${sql} WHERE id IN (${placeholders(ids)})`,
  values: ids
})

/** A batch into one table; all of it may be done again. */
export const writeBatch = async (
  database: Asked,
  table: RecordTable,
  batch: readonly InputRecord[],
  { operation, signal }: WriteOptions
): Promise<BatchReport> => {
  const rejected: Rejected[] = []
  const rows: RecordRow[] = []
  let written = 0
  let already = 0
  for (const record of batch) {
    const row = rowOf(record)
    if (typeof row === 'string') rejected.push({ record, reason: row })
    else rows.push(row)
  }

  /** What the server refuses for the sake of one record is sent again in halves, until that one is alone. */
  const change = async (query: (some: readonly RecordRow[]) => Ids, some: readonly RecordRow[]): Promise<string[]> => {
    if (some.length === 0) return []
    try {
      return (await database.write(query(some))).map(([id]) => id)
    } catch (error) {
      if (!isOfRecord(error)) throw error
      const [only, ...others] = some
      if (only !== undefined && others.length === 0) {
        rejected.push({ record: only.record, reason: `is refused: ${error instanceof Error ? error.message : error}` })
        return []
      }
      const middle = some.length >>> 1
      return [...(await change(query, some.slice(0, middle))), ...(await change(query, some.slice(middle)))]
    }
  }

  const create = async (some: readonly RecordRow[]): Promise<void> => {
    const refusedBefore = rejected.length
    const made = new Set(await change((each) => insertRows(table, each, false), some))
    const refused = new Set(rejected.slice(refusedBefore).map(({ record }) => record))
    const others: RecordRow[] = []
    for (const row of some) {
      // Of several with one id the first was made.
      if (made.delete(row.id)) written += 1
      else if (!refused.has(row.record)) others.push(row)
    }
    if (others.length === 0) return
    const there = new Map(await database.read(selectRows(table, [...new Set(others.map(({ id }) => id))])))
    for (const { record, id } of others) {
      const text = there.get(id)
      if (text !== undefined && isSameRecord(text, record)) already += 1
      else rejected.push({ record, reason: notCreated(id) })
    }
  }

  const replace = async (some: readonly RecordRow[]): Promise<void> => {
    // The last of them counts; one statement of SQL changes a row once only.
    const wanted = new Map(some.map((row) => [row.id, row]))
    const query = (each: readonly RecordRow[]): Ids =>
      operation === 'index' ? insertRows(table, each, true) : updateRows(table, each)
    const refusedBefore = rejected.length
    const changed = new Set(await change(query, [...wanted.values()]))
    const refused = new Set(rejected.slice(refusedBefore).map(({ record }) => record))
    for (const { record, id } of some) {
      if (changed.has(id)) written += 1
      else if (!refused.has(record)) rejected.push({ record, reason: notUpdated(id) })
    }
  }

  const remove = async (some: readonly RecordRow[]): Promise<void> => {
    const gone = await database.write(deleteRows(table, [...new Set(some.map(({ id }) => id))]))
    written += gone.length
    already += some.length - gone.length
  }

  for (const piece of pieces(rows)) {
    signal?.throwIfAborted()
    if (operation === 'create') await create(piece)
    else if (operation === 'delete') await remove(piece)
    else await replace(piece)
  }
  return { written, already, rejected }
}
