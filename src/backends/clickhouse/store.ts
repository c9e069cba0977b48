import type { Clock } from '../../contracts/clock.ts'
import type { InsertReport } from '../../contracts/statement-store.ts'
import { createIncreasingClock } from '../../durability/increasing-clock.ts'
import { createBatchedWriter } from '../../storage/batching/batched-writer.ts'
import type { EngineStore } from '../../storage/follow.ts'
import { createGuard, guardStore } from '../../storage/guard.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { adopt } from './adopt.ts'
import { type Appenders, createAppender } from './appender.ts'
import { readAttachments } from './attachments.ts'
import { columns } from './columns.ts'
import type { Connection } from './connect.ts'
import { createCopy } from './copy.ts'
import { agentNames, describeVisible } from './descriptions.ts'
import { createDocuments } from './documents.ts'
import { createEngine, unsafeTime } from './engine.ts'
import { requireEventTable } from './event-table.ts'
import { completeEvents } from './events.ts'
import type { ReadContext } from './look-up.ts'
import type { TableNames } from './names.ts'
import type { WriterProgress } from './progress.ts'
import { createQueries } from './query.ts'
import { recover } from './recover.ts'
import { purge } from './removal.ts'
import { createKnownIds } from './seen-ids.ts'
import { findStatement } from './statements.ts'
import type { StoreList, StoreRow } from './stores.ts'
import type { Writer } from './writer.ts'

/** What all stores of a database share. */
export interface Shared {
  readonly connection: Connection
  readonly tables: TableNames
  readonly appenders: Appenders
  readonly writer: Writer
  readonly stores: StoreList
  readonly clock: Clock
  readonly database: string
  /** Milliseconds. */
  readonly writeDelay: number
  warn(message: string): void
}

export interface ClickhouseStore extends EngineStore {
  /** Finishes accepted requests. Resolves with the latest time that was given out, and whether all batches are complete. */
  close(): Promise<{ readonly last: Micros; readonly isWhole: boolean }>
}

/** What the tables contain about a store. */
interface Found {
  readonly lastRound: number
  readonly lastStored: Micros
  readonly lastUpdated: Micros
  readonly hasVoided: boolean
  readonly statements: number
  readonly events: number
}

const look = async ({ connection, tables, store }: ReadContext, eventTableName: string): Promise<Found> => {
  const of = 'WHERE store = {store:UInt32}'
  const rows = await connection.read(
    `SELECT 's' AS what, toInt64(max(round)), toInt64(max(stored)), toInt64(count()) FROM ${tables.statement} ${of}
     UNION ALL SELECT 'c', toInt64(max(round)), toInt64(sum(voided)), toInt64(0) FROM ${tables.change} ${of}
     UNION ALL SELECT 'd', toInt64(max(updated)), toInt64(max(version)), toInt64(0) FROM ${tables.document} ${of}
     UNION ALL SELECT 'e', toInt64(0), toInt64(0), toInt64(count()) FROM ${eventTableName}`,
    { store }
  )
  const found = new Map<string, readonly [number, number, number]>()
  while (rows.more()) found.set(rows.text(), [rows.i64(), rows.i64(), rows.i64()])
  const [round = 0, stored = 0, statements = 0] = found.get('s') ?? []
  const [changeRound = 0, voided = 0] = found.get('c') ?? []
  const [updated = 0, version = 0] = found.get('d') ?? []
  return {
    lastRound: Math.max(round, changeRound),
    lastStored: stored,
    lastUpdated: Math.max(updated, version),
    hasVoided: voided > 0,
    statements,
    events: found.get('e')?.[2] ?? 0
  }
}

/** How far the store is written. Unfinished batches of a dead writer are completed or removed. */
const findProgress = async (
  context: ReadContext,
  eventTableName: string,
  { lastRound, lastStored, hasVoided }: Found,
  writer: Writer,
  endedWell: boolean
): Promise<WriterProgress> => {
  // The batches of this writer have later numbers than all earlier ones.
  const before = Math.max(lastRound, writer.through)
  const progress: WriterProgress = {
    visible: before,
    hidden: undefined,
    tried: before,
    last: Math.max(lastStored, writer.through),
    hasVoided,
    unfinished: [],
    isInDoubt: false,
    eventsLacking: undefined
  }
  if (endedWell) return progress
  progress.tried += 1
  await writer.cover(progress.tried)
  // The last batch may lack rows, and a batch that does not count may have left some.
  const { unfinished } = await recover(context, eventTableName, lastRound - 1, progress.tried)
  return { ...progress, unfinished, visible: unfinished.length > 0 ? lastRound - 1 : progress.tried }
}

/** Opens the store with this event table, and creates the table when it is missing. */
export const openStore = async (shared: Shared, eventTable: string): Promise<ClickhouseStore> => {
  const { connection, tables, appenders, writer, stores, clock, database, writeDelay, warn } = shared
  const eventTableName = await requireEventTable(connection, database, eventTable)
  const row: StoreRow = stores.of(eventTable)
  const context: ReadContext = { connection, tables, store: row.number }
  const found = await look(context, eventTableName)
  const endedWell = row.writer === '' || writer.endedWell(row.writer)
  const progress = await findProgress(context, eventTableName, found, writer, endedWell)
  const adopted = new Map<StatementId, true>()
  const known = createKnownIds(context, Math.max(found.statements, found.events))
  const engine = createEngine({
    context,
    eventTable: createAppender((rows) => writer.insert(eventTableName, columns.event, rows)),
    eventTableName,
    appenders,
    writer,
    progress,
    known,
    adopted,
    warn
  })
  const statementWriter = createBatchedWriter({ engine, clock, delay: writeDelay })
  const times = createIncreasingClock(clock)
  times.passed(Math.max(found.lastUpdated, writer.through))

  let { spare } = row
  // Some rows may not have been copied, and rows of other programs may hide their number.
  if (!endedWell) await completeEvents(context, eventTableName, found.lastStored - unsafeTime)
  if (found.events - found.statements < spare) await completeEvents(context, eventTableName, 0)
  if (progress.unfinished.length > 0) await statementWriter.restore([], [])
  if (!endedWell || found.events - found.statements !== spare) {
    await adopt({ context, eventTableName, writer: statementWriter, adopted, now: clock(), warn })
    const now = await look(context, eventTableName)
    spare = now.events - now.statements
  }
  if (row.writer !== writer.id || spare !== row.spare) await stores.put({ ...row, writer: writer.id, spare })

  /** Acknowledged statements are in the event table too, unless it accepts no rows now. */
  const copied = async (report: Promise<InsertReport>): Promise<InsertReport> => {
    const inserted = await report
    await engine.eventsCopied()
    return inserted
  }

  const guard = createGuard()
  // Until then, and if it fails, every id is looked up.
  known.load().catch(() => {})
  const documents = createDocuments({ context, appender: appenders.document, times, writer })
  const queries = createQueries(context, progress)

  const store: EngineStore = {
    statements: {
      insert: (batch, options) => copied(statementWriter.insert(batch, options)),
      consistentThrough: statementWriter.consistentThrough,
      find: (id, wanted, options = {}) => findStatement(context, progress, id, wanted, options),
      findAll: (ids, options = {}) => queries.findAll(ids, options),
      query: (query, options = {}) => queries.query(query, options),
      queryText: (query, frame, options = {}) => queries.queryText(query, frame, options),
      describe: (iris, options = {}) => describeVisible(context, progress, iris, options),
      agentNames: (identifier, options = {}) => agentNames(context, progress, identifier, options)
    },
    attachments: { read: readAttachments(context) },
    documents,
    copy: createCopy(
      context,
      progress,
      (statements, attachments, options) => copied(statementWriter.restore(statements, attachments, options)),
      documents
    ),
    rewriting: {
      rewrite: async (rewriting, options) => {
        await statementWriter.rewrite(rewriting, options)
        await engine.eventsCopied()
      },
      purge: () => purge(context)
    }
  }
  return {
    ...guardStore(guard, store, { answers: connection.answers }),
    close: async () => {
      await guard.close(async () => {
        await Promise.all([statementWriter.close(), documents.close()])
        await engine.eventsCopied()
      })
      const isWhole = !progress.isInDoubt && progress.unfinished.length === 0 && progress.eventsLacking === undefined
      return { last: Math.max(progress.last, times.latest()), isWhole }
    }
  }
}
