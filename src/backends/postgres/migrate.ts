import { RalphError } from '../../errors.ts'
import { missingMigrations } from '../../storage/migrations.ts'
import type { Database } from './connect.ts'
import { forbidden } from './errors.ts'
import { migrations, tableNames } from './migrations.ts'
import { quoted } from './names.ts'
import { begin, commit, plain } from './query-text.ts'

/** The oldest major version for which every SQL statement here was written. */
const oldestVersion = 14

/** "RLPH": no other program uses this advisory lock. The schemas of one database are migrated one after the other. */
const lock = 0x524c5048

type ServerRow = readonly [
  version: number,
  encoding: string,
  readOnly: boolean,
  hasSchema: boolean,
  hasTable: boolean,
  mayUse: boolean
]

const look = (schema: string) =>
  plain<ServerRow>(`
    SELECT current_setting('server_version_num')::integer / 10000, getdatabaseencoding()::text,
      pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
      namespace.oid IS NOT NULL,
      EXISTS (SELECT FROM pg_class WHERE relnamespace = namespace.oid AND relname = 'migration'),
      coalesce(has_schema_privilege(namespace.oid, 'USAGE'), true)
    FROM (SELECT) AS always LEFT JOIN pg_namespace AS namespace ON nspname = ${literal(schema)}`)

const literal = (text: string): string => `E'${text.replace(/[\\']/g, '\\$&')}'`

const countMigrations = plain<[count: number]>('SELECT coalesce(max(number), 0) FROM migration')

const privileges = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const

const listLiterals = (texts: readonly string[]): string => `ARRAY[${texts.map(literal).join()}]`

/** The privileges on the tables that the role lacks. The owner of the tables has all of them. */
const lackingPrivileges = plain<[lacking: string]>(`
  SELECT privilege || ' on ' || name
  FROM unnest(${listLiterals(tableNames)}) AS tables (name), unnest(${listLiterals(privileges)}) AS privileges (privilege)
  WHERE NOT (name = 'migration' AND privilege <> 'SELECT') AND NOT has_table_privilege(name, privilege)
  UNION ALL
  SELECT 'USAGE on document_revision' WHERE NOT has_sequence_privilege('document_revision', 'USAGE')`)

const requireUsable = (
  { place: { host, port, database } }: Database,
  [version, encoding, readOnly]: ServerRow
): void => {
  const who = `PostgreSQL at ${host}:${port}`
  if (version < oldestVersion) {
    throw new RalphError('STORE_UNAVAILABLE', `${who} has version ${version}: Ralph needs ${oldestVersion} or later`)
  }
  if (encoding !== 'UTF8') {
    const remedy = `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`
    throw new RalphError('STORE_UNAVAILABLE', `the database "${database}" has the encoding ${encoding}: ${remedy}`)
  }
  if (readOnly) throw new RalphError('STORE_FULL', `${who} is read-only: connect to the primary server`)
}

const missing = (count: number, schema: string) =>
  missingMigrations(migrations, count, { name: `the schema "${schema}"` })

/** The error when the role may not migrate the tables itself. */
const lacksPrivilege = (error: unknown, { place: { schema, user, database } }: Database): unknown => {
  if (!(error instanceof RalphError) || error.details.state !== '42501') return error
  const message =
    `the tables of Ralph are not in the schema "${schema}" of the database "${database}", or are of an older version, ` +
    `and the role "${user}" may not make them: let somebody who may run CREATE SCHEMA IF NOT EXISTS ${quoted(schema)} AUTHORIZATION ${quoted(user)}; ` +
    'or start Ralph once as the owner of the schema'
  return new RalphError('STORE_UNAVAILABLE', message, { state: '42501' }, { cause: error.cause })
}

/** Runs all missing steps in one transaction, or none. Several servers that start together do so one after the other. */
const migrate = async (database: Database): Promise<void> => {
  const { schema } = database.place
  const session = await database.session()
  let isReusable = false
  try {
    await session.run(begin, plain('SET LOCAL statement_timeout = 0'), plain(`SELECT pg_advisory_xact_lock(${lock})`))
    const [[server]] = await session.run<[ServerRow]>(look(schema))
    if (!server?.[3]) await session.run(plain(`CREATE SCHEMA ${quoted(schema)}`))
    if (!server?.[4]) {
      await session.run(
        plain('CREATE TABLE migration (number integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())')
      )
    }
    const [[row]] = await session.run<[[number]]>(countMigrations)
    for (const { version, up } of missing(row?.[0] ?? 0, schema)) {
      await session.run(plain(up), plain(`INSERT INTO migration (number) VALUES (${version})`))
    }
    await session.run(commit)
    isReusable = true
  } catch (error) {
    throw lacksPrivilege(error, database)
  } finally {
    session.release(isReusable)
  }
}

/** Checks the server, and creates or updates the tables if needed. Throws an error that says what is missing and what to do. */
export const prepareDatabase = async (database: Database): Promise<void> => {
  const { schema } = database.place
  const [server] = await database.read(look(schema))
  if (server === undefined) throw new RalphError('INTERNAL', 'the server did not answer with its version')
  requireUsable(database, server)
  const [, , , hasSchema, hasTable, mayUse] = server
  if (!mayUse) throw forbidden(database.place, 'USAGE of the schema')
  const [row] = hasSchema && hasTable ? await database.read(countMigrations) : []
  if (missing(row?.[0] ?? 0, schema).length > 0) await migrate(database)
  const lacking = await database.read(lackingPrivileges)
  if (lacking.length > 0) throw forbidden(database.place, lacking.map(([each]) => each).join(', '))
}
