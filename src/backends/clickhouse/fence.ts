import { RalphError } from '../../errors.ts'
import type { Connection } from './connect.ts'
import { isServerError } from './errors.ts'
import type { TableNames } from './names.ts'
import { ends, queryPrefixOf, type WriterRow } from './writer-rows.ts'

/** Our tables whose rows have the number of a batch. */
const fenced = ['statement', 'entry', 'change'] as const
/** ACCESS_DENIED */
const accessDenied = 497
/** UNKNOWN_TABLE, CANNOT_GET_CREATE_TABLE_QUERY */
const absent = [60, 390]
/** Inserts of this many latest dead writers may still be in progress. */
const mostDead = 20

export interface FenceOptions {
  readonly connection: Connection
  readonly tables: TableNames
  warn(message: string): void
}

/** Undefined: the table does not exist yet, so nothing can arrive late. */
const readDefinition = async (connection: Connection, table: string): Promise<string | undefined> => {
  try {
    return (await connection.read(`SHOW CREATE TABLE ${table}`)).text()
  } catch (error) {
    const isAbsent = error instanceof RalphError && absent.some((code) => isServerError(error.cause, code))
    if (isAbsent) return undefined
    throw error
  }
}

/**
 * Keeps out late rows of writers that lost the database. A network can delay a request for longer than the wait for a writer. All their
 * batches have numbers up to the last time that they may have given out, and our batches have later ones. ClickHouse itself refuses the
 * former. Inserts in progress are stopped.
 */
export const fence = async ({ connection, tables, warn }: FenceOptions, rows: readonly WriterRow[]): Promise<void> => {
  const dead = rows.filter(({ ended }) => ended === ends.takenOver)
  dead.sort((one, other) => other.through - one.through)
  const [latest] = dead
  if (latest === undefined) return
  const check = `CHECK round > ${latest.through}`
  for (const name of fenced) {
    const table = tables[name]
    const definition = await readDefinition(connection, table)
    if (definition === undefined || definition.includes(check)) continue
    try {
      await connection.run(`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS alive, ADD CONSTRAINT alive ${check}`)
    } catch (error) {
      if (!(error instanceof RalphError) || !isServerError(error.cause, accessDenied)) throw error
      warn(`${table} does not refuse late rows of a server that was taken for dead: ${error.message}`)
    }
  }
  await connection.run(
    `KILL QUERY WHERE user = currentUser()
       AND arrayExists(prefix -> startsWith(query_id, prefix), splitByChar(',', {prefixes:String})) SYNC`,
    { prefixes: [...new Set(dead.slice(0, mostDead).map(({ writer }) => queryPrefixOf(writer)))].join(',') }
  )
}
