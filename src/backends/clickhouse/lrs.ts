import type { BackendContext, LrsBackend } from '../../contracts/lrs-backend.ts'
import { messageOf } from '../../errors.ts'
import { requireTarget } from '../../settings/target.ts'
import { notThere } from '../../storage/not-there.ts'
import { statusByAsking } from '../../storage/status.ts'
import { openTargets } from '../../storage/targets.ts'
import { type Appender, type Appenders, createAppender } from './appender.ts'
import { columns } from './columns.ts'
import { type Connection, connect, knownOptions } from './connect.ts'
import { isNoDatabase, noDatabase } from './errors.ts'
import { makeFirstTables, migrate } from './migrations.ts'
import { addressOf, type ClickhouseOptions, clientOptionsOf, quoted, type TableNames, tableNamesIn } from './names.ts'
import { type ClickhouseStore, openStore, type Shared } from './store.ts'
import { readStores } from './stores.ts'
import { becomeWriter, defaultTimes } from './writer.ts'

export type { ClickhouseOptions } from './names.ts'

/**
 * Keeps statements in the table of document 001, which Python Ralph reads and writes. All derived data is in our own tables beside it
 * (migrations.ts), which all targets share. Each target is another event table.
 *
 * Guarantees. Every reader of this server sees a batch whole or not at all. An acknowledged batch is on the disk of ClickHouse (fsync)
 * in our tables, and is copied to the event table. The durability of the event table depends on its definition. At the next start it
 * gets the rows that it did not accept, and those that it lost within ten minutes before the engine stopped. ClickHouse has neither
 * transactions nor unique keys, so one server process decides on ids and documents. A second process on the same database is refused
 * at start.
 *
 * Least privileges: SELECT and INSERT on the database. At the first start and for new targets CREATE TABLE on it, and TABLE ENGINE on
 * ReplacingMergeTree and AggregatingMergeTree if the server knows that right. ALTER DELETE and ALTER CONSTRAINT on the tables lrs$….
 * Without ALTER DELETE, writing stops after a batch that failed half-way until somebody grants the right. Without ALTER CONSTRAINT,
 * late rows of a server that died are not refused.
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

/** Our tables that must exist before the first query. The message of `STORE_UNAVAILABLE` says what is missing. */
const prepare = async (connection: Connection, database: string, tables: TableNames): Promise<void> => {
  try {
    await makeFirstTables(connection, tables, database)
  } catch (cause) {
    throw isNoDatabase(cause) ? noDatabase(connection.url, database, cause) : cause
  }
}

/** Throws `NOT_FOUND` when none of the tables exists. */
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

  /** A store that could not be opened has written nothing. */
  const close = async (stores: readonly ClickhouseStore[]): Promise<void> => {
    const closed = await Promise.all(stores.map((store) => store.close()))
    try {
      const last = Math.max(writer.through, ...closed.map((each) => each.last))
      await writer.release(
        last,
        closed.every(({ isWhole }) => isWhole)
      )
    } catch (error) {
      // Nothing is lost: all accepted requests are written.
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
