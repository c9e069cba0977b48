import type {
  InputRecord,
  Listed,
  ListOptions,
  ReadBatch,
  RecordsBackend,
  WriteOptions
} from '../../contracts/data-backend.ts'
import { RalphError } from '../../errors.ts'
import { createPatience } from '../../network/patience.ts'
import { writeRecords } from '../../records/reconcile.ts'
import { lrsIsReadOnly, lrsTargetOf, parseRecordsQuery } from '../../records/rows.ts'
import { createOnce } from '../../storage/once.ts'
import { openDatabase } from './connect.ts'
import { asked } from './data/errors.ts'
import { readLrs, readTable } from './data/read.ts'
import { ensureTable, isThere, noTable, tableIn } from './data/table.ts'
import { recordContainer } from './data/write.ts'
import { type PostgresOptions, quoted, settingsOf } from './names.ts'
import { plain, prepare } from './query-text.ts'
import { statusOfRecords } from './status.ts'

export interface PostgresDataOptions extends PostgresOptions {
  readonly table: string
}

const recordTables = prepare<[name: string, rows: number, bytes: number]>(
  'record_tables',
  `SELECT relname::text, greatest(reltuples, 0)::bigint, pg_total_relation_size(pg_class.oid)
   FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
   WHERE nspname = $1 AND relkind IN ('r', 'p') AND (
     SELECT count(*) FROM pg_attribute WHERE attrelid = pg_class.oid AND NOT attisdropped AND
       (attname, format_type(atttypid, NULL)) IN
         (('id', 'text'), ('timestamp', 'timestamp with time zone'), ('record', 'json'))) = 3
   ORDER BY relname`
)

const hasLrs = prepare<[number]>(
  'has_lrs',
  `SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
   WHERE nspname = $1 AND relname IN ('target', 'statement', 'migration') HAVING count(*) = 3`
)

/** The settings have the names of those of the LRS role. */
const settingsOfRole = (options: PostgresOptions): ReturnType<typeof settingsOf> => {
  try {
    return settingsOf(options)
  } catch (error) {
    if (!(error instanceof RalphError)) throw error
    throw new RalphError(error.code, error.message.replace('__LRS__', '__DATA__'), error.details, { cause: error })
  }
}

/**
 * Tables of records in a schema of PostgreSQL: the id, the time, and the unchanged text of the record with the type json. The first write
 * creates the table and the schema. The statements of our LRS in the schema can be read too.
 */
export const openPostgresData = async (options: PostgresDataOptions): Promise<RecordsBackend> => {
  const settings = settingsOfRole(options)
  const opened = openDatabase(settings)
  const database = asked(opened)
  const patience = createPatience()
  const ensured = createOnce<void>()
  const reader = { database, patience }

  async function* list({ target, signal }: ListOptions): AsyncGenerator<Listed, void, undefined> {
    const schema = target ?? settings.schema
    const given = signal === undefined ? {} : { signal }
    const tables = await patience.run(() => database.read(recordTables(schema), given), signal)
    for (const [id, records, size] of tables) yield { id, details: { name: id, schema, records, size } }
    if ((await database.read(hasLrs(schema), given)).length === 0) return
    const names = await database.read(plain<[string]>(`SELECT name FROM ${quoted(schema)}.target ORDER BY name`), given)
    for (const [name] of names) {
      const id = name === '' ? 'lrs' : `lrs:${name}`
      yield { id, details: { name: id, schema, kind: 'statements of an LRS' } }
    }
  }

  async function* read(
    query: string | undefined,
    wanted: Parameters<NonNullable<RecordsBackend['read']>>[1]
  ): AsyncGenerator<ReadBatch, void, undefined> {
    const parsed = parseRecordsQuery(query)
    const lrs = lrsTargetOf(wanted.target)
    if (lrs !== undefined) return yield* readLrs(reader, lrs.name, parsed, wanted)
    const table = tableIn(settings.schema, wanted.target ?? options.table)
    if (!(await patience.run(() => isThere(database, table), wanted.signal))) throw noTable(database.place, table)
    yield* readTable(reader, table, parsed, wanted)
  }

  const write = async (batch: readonly InputRecord[], wanted: WriteOptions) => {
    if (lrsTargetOf(wanted.target) !== undefined) throw lrsIsReadOnly()
    const name = wanted.target ?? options.table
    const table = tableIn(settings.schema, name)
    await ensured.get(name, () => patience.run(() => ensureTable(database, table)))
    const container = recordContainer(database, table, wanted.signal)
    return patience.run(() => writeRecords(container, batch, wanted.operation), wanted.signal)
  }

  return {
    moves: 'records',
    status: (callOptions) => statusOfRecords(database, callOptions),
    list,
    read,
    write,
    delete: async (id, { target }) => {
      if (lrsTargetOf(id) !== undefined) throw lrsIsReadOnly()
      if (target !== undefined && target !== settings.schema) {
        throw new RalphError('UNSUPPORTED_OPERATION', `tables are deleted in the schema ${settings.schema} only`)
      }
      const table = tableIn(settings.schema, id)
      if (!(await patience.run(() => isThere(database, table)))) throw noTable(database.place, table)
      await database.write(plain(`DROP TABLE ${table.sql}`))
      ensured.forget(id)
      return { deleted: 1 }
    },
    close: () => opened.close()
  }
}
