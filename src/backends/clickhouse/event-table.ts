import { messageOf, RalphError } from '../../errors.ts'
import type { Connection } from './connect.ts'
import { isNoDatabase, noDatabase } from './errors.ts'
import { eventTableDefinition, quoted } from './names.ts'

/** The columns of document 001. A table may have more columns if they have defaults. */
const expected: ReadonlyMap<string, RegExp> = new Map([
  ['event_id', /^UUID$/],
  ['emission_time', /^DateTime64\(6(, '[^']*')?\)$/],
  ['event', /^String$/]
])

const columnsOf = async (
  connection: Connection,
  database: string,
  table: string
): Promise<ReadonlyMap<string, string>> => {
  const rows = await connection.read(
    'SELECT name, type FROM system.columns WHERE database = unhex({database:String}) AND table = unhex({table:String})',
    { database: Buffer.from(database).toString('hex'), table: Buffer.from(table).toString('hex') }
  )
  const columns = new Map<string, string>()
  while (rows.more()) columns.set(rows.text(), rows.text())
  return columns
}

const missing = (connection: Connection, name: string, cause: unknown): RalphError => {
  const why = messageOf(cause)
  return new RalphError(
    'STORE_UNAVAILABLE',
    `ClickHouse at ${connection.url} has no table ${name}, and it could not be created: ${why}\n` +
      `Make it with:\n${eventTableDefinition(name)}`,
    { table: name },
    { cause }
  )
}

/** Creates the table of the statements if it is missing, and checks its columns. Resolves with its quoted name. */
export const requireEventTable = async (connection: Connection, database: string, table: string): Promise<string> => {
  const name = `${quoted(database)}.${quoted(table)}`
  const columns = await columnsOf(connection, database, table)
  if (columns.size === 0) {
    try {
      await connection.tell(eventTableDefinition(name).replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'))
    } catch (error) {
      throw isNoDatabase(error) ? noDatabase(connection.url, database, error) : missing(connection, name, error)
    }
    return name
  }
  for (const [column, type] of expected) {
    const found = columns.get(column)
    if (found !== undefined && type.test(found)) continue
    throw new RalphError(
      'INVALID_SETTING',
      `the table ${name} of ClickHouse at ${connection.url} cannot take statements: its column ${column} ` +
        `${found === undefined ? 'is missing' : `is ${found}`}. It should be the one of this command:\n${eventTableDefinition(name)}`,
      { table: name, column }
    )
  }
  return name
}
