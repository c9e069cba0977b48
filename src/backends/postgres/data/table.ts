import { RalphError } from '../../../errors.ts'
import { quoted } from '../names.ts'
import { plain, prepare } from '../query-text.ts'
import { type Asked, stateIn } from './errors.ts'

/** A table of records and its name in SQL. */
export interface RecordTable {
  readonly name: string
  /** Quoted, with its schema. */
  readonly sql: string
}

export const tableIn = (schema: string, name: string): RecordTable => {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > 50) {
    throw new RalphError('NOT_FOUND', `${JSON.stringify(name)} is not the name of a table: it must have 1 to 50 bytes`)
  }
  return { name, sql: `${quoted(schema)}.${quoted(name)}` }
}

const columnsOf = prepare<[column: string, type: string]>(
  'record_columns',
  `SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
   JOIN pg_namespace ON pg_namespace.oid = relnamespace
   WHERE nspname = $1 AND relname = $2 AND attnum > 0 AND NOT attisdropped`
)

const hasSchema = prepare<[number]>('record_schema', 'SELECT 1 FROM pg_namespace WHERE nspname = $1')

/** Names and types, as PostgreSQL prints them. */
const expected: readonly (readonly [string, RegExp])[] = [
  ['id', /^text$/],
  ['timestamp', /^timestamp with time zone$/],
  ['record', /^json$/]
]

/** Whether the table exists. Throws `INVALID_SETTING` when it is another kind of table. */
export const isThere = async (database: Asked, { name, sql }: RecordTable): Promise<boolean> => {
  const columns = new Map(await database.read(columnsOf(database.place.schema, name)))
  if (columns.size === 0) return false
  if (expected.every(([column, type]) => type.test(columns.get(column) ?? ''))) return true
  throw new RalphError('INVALID_SETTING', `the table ${sql} is not a table of records of Ralph: choose another name`, {
    table: name
  })
}

/** Records without a time come first. */
const definitionOf = ({ name, sql }: RecordTable): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ${sql} (
    id text COLLATE "C" PRIMARY KEY,
    "timestamp" timestamptz NOT NULL DEFAULT '-infinity',
    record json NOT NULL
  )`,
  `CREATE INDEX IF NOT EXISTS ${quoted(`${name}_timestamp`)} ON ${sql} ("timestamp", id)`,
  `DO $$ BEGIN
    ALTER TABLE ${sql} ALTER COLUMN record SET COMPRESSION lz4;
  EXCEPTION WHEN feature_not_supported THEN
    NULL; -- This server was built without.
  END $$`
]

const duplicates: ReadonlySet<string> = new Set(['23505', '42P06', '42P07'])

/** Creates the table and its schema if they are missing. */
export const ensureTable = async (database: Asked, table: RecordTable): Promise<void> => {
  if (await isThere(database, table)) return
  const { schema } = database.place
  const [found] = await database.read(hasSchema(schema))
  const steps = [...(found === undefined ? [`CREATE SCHEMA ${quoted(schema)}`] : []), ...definitionOf(table)]
  for (const step of steps) {
    await database.write(plain(step)).catch((error: unknown) => {
      // Another client creates it at the same time.
      if (!duplicates.has(stateIn(error))) throw error
    })
  }
}

export const noTable = ({ host, port }: Asked['place'], { sql }: RecordTable): RalphError =>
  new RalphError('NOT_FOUND', `PostgreSQL at ${host}:${port} has no table ${sql}`)
