import type { KeyedRecord, NotWritten, RecordContainer } from '../../../records/reconcile.ts'
import { type RecordRow, rowOf } from '../../../records/rows.ts'
import { groupsBySize } from '../../../xapi/groups.ts'
import { formatMicros, type Micros } from '../../../xapi/timestamp.ts'
import type { Query, Value } from '../query-text.ts'
import { type Asked, isOfRecord } from './errors.ts'
import type { RecordTable } from './table.ts'

/** Rows and characters of one SQL statement. */
const most = { rows: 1000, characters: 8_000_000 } as const

/** 0001-01-01. PostgreSQL has no year 0, unlike ISO 8601. */
const earliest: Micros = -62_135_596_800_000_000

const timeText = (time: Micros | undefined): string =>
  time === undefined ? '-infinity' : formatMicros(Math.max(time, earliest))

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

/** A table of records. */
export const recordContainer = (
  database: Asked,
  table: RecordTable,
  signal: AbortSignal | undefined
): RecordContainer<RecordRow> => {
  /** If the server refuses a request because of one record, the request is sent again in halves until that record is alone. */
  const changeSome = async (
    rows: readonly RecordRow[],
    query: (some: readonly RecordRow[]) => Ids,
    refused: Map<RecordRow, NotWritten>
  ): Promise<string[]> => {
    try {
      return (await database.write(query(rows))).map(([id]) => id)
    } catch (error) {
      if (!isOfRecord(error)) throw error
      const [only, ...others] = rows
      if (only !== undefined && others.length === 0) {
        refused.set(only, { reason: `is refused: ${error instanceof Error ? error.message : error}` })
        return []
      }
      const middle = rows.length >>> 1
      const first = await changeSome(rows.slice(0, middle), query, refused)
      return [...first, ...(await changeSome(rows.slice(middle), query, refused))]
    }
  }

  /** `whyUnchanged` gives the reason for each row that was not changed. Without it the reason is that no row has the id. */
  const change = async <Row extends KeyedRecord>(
    rows: readonly Row[],
    write: (some: readonly Row[], refused: Map<Row, NotWritten>) => Promise<readonly string[]>,
    whyUnchanged: (unchanged: readonly Row[]) => Promise<(row: Row) => NotWritten> = async () => () => 'missing'
  ): Promise<ReadonlyMap<Row, NotWritten>> => {
    const refused = new Map<Row, NotWritten>()
    for (const some of groupsBySize(rows, ({ record }) => record.text.length, most.characters, most.rows)) {
      signal?.throwIfAborted()
      const changed = new Set<string | undefined>(await write(some, refused))
      const unchanged = some.filter((row) => !changed.has(row.id) && !refused.has(row))
      if (unchanged.length === 0) continue
      const why = await whyUnchanged(unchanged)
      for (const row of unchanged) refused.set(row, why(row))
    }
    return refused
  }

  const whatIsThere = async (rows: readonly RecordRow[]): Promise<(row: RecordRow) => NotWritten> => {
    const ids = rows.map(({ id }) => id)
    const there = new Map(await database.read(selectRows(table, ids)))
    return ({ id }) => ({ there: [there.get(id) ?? []].flat() })
  }

  return {
    keyOf: rowOf,
    create: (rows) =>
      change(rows, (some, refused) => changeSome(some, (each) => insertRows(table, each, false), refused), whatIsThere),
    replace: (rows, orMake) => {
      const query = (some: readonly RecordRow[]): Ids =>
        orMake ? insertRows(table, some, true) : updateRows(table, some)
      return change(rows, (some, refused) => changeSome(some, query, refused))
    },
    removal: {
      keyOf: rowOf,
      remove: (rows) =>
        change(rows, async (some) => {
          const ids = some.map(({ id = '' }) => id)
          return (await database.write(deleteRows(table, ids))).map(([id]) => id)
        })
    }
  }
}
