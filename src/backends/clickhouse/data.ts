import type { InputRecord, Listed, ListOptions, RecordsBackend, WriteOptions } from '../../contracts/data-backend.ts'
import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { createPatience } from '../../network/patience.ts'
import { writeRecords } from '../../records/reconcile.ts'
import { statusOfClosed, storeClosed } from '../../storage/closed.ts'
import { createOnce } from '../../storage/once.ts'
import { statusByAsking } from '../../storage/status.ts'
import { formatMicros } from '../../xapi/timestamp.ts'
import { createAppender } from './appender.ts'
import { columns, namesOf } from './columns.ts'
import { type Connection, connect, knownOptions } from './connect.ts'
import { asError, asking } from './data/errors.ts'
import { readTable } from './data/read.ts'
import { type RecordTable, recordContainer } from './data/write.ts'
import { noDatabase } from './errors.ts'
import { readEventIds } from './event-ids.ts'
import { requireEventTable } from './event-table.ts'
import { addressOf, type ClickhouseOptions, clientOptionsOf, quoted } from './names.ts'

/** A user who may not stop queries only waits: `settle` fails, and the lookup of ids is enough. */
const giveUpSettling = (error: unknown): void => {
  const translated = asError(error)
  if (!(translated instanceof RalphError) || translated.code === 'STORE_UNAVAILABLE') throw error
}

/** Hexadecimal digits. Text from clients is sent to the server in this form. */
const hex = (text: string): string => Buffer.from(text).toString('hex')

/** The tables of a database, and how much they hold. */
const tablesOf = async (opened: Connection, database: string): Promise<readonly Listed[]> => {
  // Fails if there is no such database.
  await opened.tell(`SHOW TABLES FROM ${quoted(database)} FORMAT Null`)
  const rows = await opened.read(
    `SELECT name, engine, toInt64(ifNull(total_rows, 0)), toInt64(ifNull(total_bytes, 0)),
       toInt64(toUnixTimestamp(metadata_modification_time))
     FROM system.tables WHERE database = unhex({database:String}) AND NOT is_temporary ORDER BY name`,
    { database: hex(database) }
  )
  const all: Listed[] = []
  while (rows.more()) {
    const [name, engine, records, size, modified] = [rows.text(), rows.text(), rows.i64(), rows.i64(), rows.i64()]
    const modifiedAt = formatMicros(modified * 1_000_000)
    all.push({ id: name, details: { name, engine, records, size, modified_at: modifiedAt } })
  }
  return all
}

/**
 * Tables of ClickHouse in the form of document 001 and Python Ralph 5. The text of a record is stored and returned unchanged. The first
 * write creates a missing table.
 */
export const openClickhouseData = async (options: ClickhouseOptions): Promise<RecordsBackend> => {
  const connection = connect(addressOf(options), options.timeout)
  const patience = createPatience()
  const chosen = clientOptionsOf(options)
  const tables = createOnce<RecordTable>()
  let ready: Promise<void> | undefined
  let closing: Promise<void> | undefined

  const open = async (): Promise<Connection> => {
    if (closing) throw storeClosed()
    ready ??= (async () => connection.use(chosen ?? (await knownOptions(connection))))()
    try {
      await ready
    } catch (error) {
      ready = undefined
      throw error
    }
    return connection
  }

  const ask = <Result>(work: (opened: Connection) => Promise<Result>, { signal }: CallOptions = {}): Promise<Result> =>
    patience.run(() => asking(async () => work(await open())), signal)

  const openTable = (table: string): Promise<RecordTable> =>
    ask(async (opened) => {
      const name = await requireEventTable(opened, options.database, table)
      const into = `${name} (${namesOf(columns.event)})`
      const appender = createAppender((rows) => opened.insert(into, rows, {}, chosen))
      return { name, appender, ids: await readEventIds(opened, name), underWay: new Map() }
    })

  async function* list({ target, signal }: ListOptions): AsyncGenerator<Listed, void, undefined> {
    const database = target ?? options.database
    const found = await ask((opened) => tablesOf(opened, database))
    signal?.throwIfAborted()
    yield* found
  }

  const write = async (
    batch: readonly InputRecord[],
    { target = options.eventTableName, operation, signal }: WriteOptions
  ) => {
    const table = await tables.get(target, () => openTable(target))
    let isFirst = true
    return patience.run(
      () =>
        asking(async () => {
          const opened = await open()
          // An insert whose answer was lost may still be in progress and would write the same rows.
          if (!isFirst) await opened.settle().catch(giveUpSettling)
          isFirst = false
          return writeRecords(recordContainer(opened, table, signal), batch, operation)
        }),
      signal
    )
  }

  const status = async ({ signal }: CallOptions = {}): Promise<BackendStatus> => {
    if (closing) return statusOfClosed
    return statusByAsking(
      async (stop) => {
        const opened = await open()
        const sql = 'SELECT count() FROM system.databases WHERE name = unhex({database:String})'
        const rows = await opened.read(sql, { database: hex(options.database) }, { signal: stop })
        if (rows.i64() === 0) throw noDatabase(connection.url, options.database, undefined)
      },
      { signal, engine: `ClickHouse at ${connection.url}`, translate: asError }
    )
  }

  return {
    moves: 'records',
    status,
    list,
    read: (query, wanted) => {
      const table = `${quoted(options.database)}.${quoted(wanted.target ?? options.eventTableName)}`
      return readTable({ open, patience, table }, query, wanted)
    },
    write,
    delete: async (id, { target }) => {
      await ask((opened) => opened.tell(`DROP TABLE ${quoted(target ?? options.database)}.${quoted(id)}`))
      tables.forget(id)
      return { deleted: 1 }
    },
    close: () => {
      closing ??= connection.close()
      return closing
    }
  }
}
