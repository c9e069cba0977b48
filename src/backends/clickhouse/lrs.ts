import type { BackendContext, LrsBackend } from '../../contracts/lrs-backend.ts'
import { messageOf } from '../../errors.ts'
import { requireTarget } from '../../settings/target.ts'
import { notThere } from '../../storage/not-there.ts'
import { statusByAsking } from '../../storage/status.ts'
import { openTargets } from '../../storage/targets.ts'
import { type Appender, createAppender } from './appender.ts'
import { columns } from './columns.ts'
import { type Connection, connect, knownOptions } from './connect.ts'
import type { Appenders } from './engine.ts'
import { isNoDatabase, noDatabase } from './errors.ts'
import { makeFirstTables, migrate } from './migrations.ts'
import { addressOf, type ClickhouseOptions, clientOptionsOf, quoted, type TableNames, tableNamesIn } from './names.ts'
import { type ClickhouseStore, openStore, type Shared } from './store.ts'
import { readStores } from './stores.ts'
import { becomeWriter, defaultTimes } from './writer.ts'

export type { ClickhouseOptions } from './names.ts'

/**
 * Keeps statements in the table of document 001, which Ralph reads and writes, and all that is derived from them in
 * tables of its own beside it (migrations.ts), which every target shares; a target is another event table.
 *
 * Guarantees. A batch is visible whole or not at all, to every reader of this server. What was acknowledged is on the
 * disk of ClickHouse (fsync), in tables of ours, and copied to the event table. That one is as durable as its owner has
 * made it; what it did not take, or lost within ten minutes before the engine stopped, it gets at the next start.
 * ClickHouse has neither transactions nor unique keys: one server process decides on ids and documents, and a second one
 * on the same database is refused at start.
 *
 * Least privileges: SELECT and INSERT on the database; CREATE TABLE on it, and TABLE ENGINE on ReplacingMergeTree and
 * AggregatingMergeTree where the server knows that right, at the first start and for new targets; ALTER DELETE and
 * ALTER CONSTRAINT on the tables lrs$…: the one where a batch failed half-way, or else writing stops until somebody
 * grants it, the other where a server died, or else what it sends late is not refused.
 */
export const openClickhouse = async (options: ClickhouseOptions, context: BackendContext): Promise<LrsBackend> => {
  const connection = connect(addressOf(options), options.timeout)
  try {
    connection.use(clientOptionsOf(options) ?? (await knownOptions(connection)))
    return await open(connection, options, context)
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** Our tables that must be there before the first question. `STORE_UNAVAILABLE` says what is missing. */
const prepare = async (connection: Connection, database: string, tables: TableNames): Promise<void> => {
  try {
    await makeFirstTables(connection, tables, database)
  } catch (cause) {
    throw isNoDatabase(cause) ? noDatabase(connection.url, database, cause) : cause
  }
}

/** `NOT_FOUND` when none of the tables is there. */
const requireThere = async (connection: Connection, database: string, names: readonly string[]): Promise<void> => {
  const hex = (text: string): string => Buffer.from(text).toString('hex')
  const rows = await connection.read(
    `SELECT count() FROM system.tables WHERE database = unhex({database:String})
       AND has(splitByChar(',', {names:String}), hex(name))`,
    { database: hex(database), names: names.map((name) => hex(name).toUpperCase()).join(',') }
  )
  if (rows.i64() === 0) throw notThere(`The table ${quoted(database)}.${quoted(names[0] ?? '')} at ${connection.url}`)
}

const open = async (
  connection: Connection,
  options: ClickhouseOptions,
  context: BackendContext
): Promise<LrsBackend> => {
  const { database, eventTableName } = options
  const tables = tableNamesIn(database)
  if (context.mustExist) await requireThere(connection, database, [eventTableName, 'lrs$store'])
  await prepare(connection, database, tables)
  const warn = (message: string): void => context.warn(message)
  const { clock } = context
  const writer = await becomeWriter({
    connection,
    tables,
    database,
    clock,
    times: options.writer ?? defaultTimes,
    warn
  })
  const appenderOf = (table: keyof Appenders): Appender =>
    createAppender((rows) => writer.insert(tables[table], columns[table], rows))
  const opened = async (): Promise<Shared> => {
    await migrate(connection, tables)
    return {
      connection,
      tables,
      appenders: {
        statement: appenderOf('statement'),
        entry: appenderOf('entry'),
        change: appenderOf('change'),
        description: appenderOf('description'),
        attachment: appenderOf('attachment'),
        document: appenderOf('document')
      },
      writer,
      stores: await readStores(connection, tables),
      clock,
      database,
      writeDelay: options.writeDelay ?? 0,
      warn
    }
  }
  const shared = await opened().catch(async (error: unknown) => {
    await writer.release(writer.through, true)
    throw error
  })

  /** One that could not be opened has written nothing. */
  const close = async (stores: readonly ClickhouseStore[]): Promise<void> => {
    const closed = await Promise.all(stores.map((store) => store.close()))
    try {
      const last = Math.max(writer.through, ...closed.map((each) => each.last))
      await writer.release(
        last,
        closed.every(({ isWhole }) => isWhole)
      )
    } catch (error) {
      // Nothing is lost by it: all that was accepted is written.
      const why = messageOf(error)
      warn(`The next server will wait until it takes this one for dead, which could not say that it stops: ${why}`)
    } finally {
      await connection.close()
    }
  }

  return openTargets({
    placeOf: (target) => (target === undefined ? eventTableName : requireTarget(target)),
    keyOf: (eventTable) => eventTable,
    open: async (eventTable) => {
      if (context.mustExist) await requireThere(connection, database, [eventTable])
      return openStore(shared, eventTable)
    },
    status: async ({ signal }) => {
      const trouble = writer.trouble()
      if (trouble !== undefined) return { state: 'error', detail: trouble }
      return statusByAsking(
        async (stop) => {
          await connection.read(`SELECT count() FROM ${tables.migration}`, {}, { signal: stop })
        },
        { signal }
      )
    },
    close
  })
}
