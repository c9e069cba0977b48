import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../contracts/clock.ts'
import type { DocumentKey, StoredDocument } from '../../contracts/document-store.ts'
import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { createIncreasingClock } from '../../durability/increasing-clock.ts'
import { lockStore } from '../../durability/process-lock.ts'
import { measured, sizeOfBatch } from '../../durability/write-health.ts'
import { RalphError } from '../../errors.ts'
import { createGroupCommit, inTurns } from '../../storage/batching/group-commit.ts'
import { storeClosed } from '../../storage/closed.ts'
import { createDiskAccess } from '../../storage/disk-access.ts'
import type { EngineStore } from '../../storage/follow.ts'
import { createPageCache } from '../../storage/page-cache.ts'
import { createQueue } from '../../streams/one-at-a-time.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { createAttachmentTable } from './attachments.ts'
import { createChunkTable } from './chunks.ts'
import { type CacheSize, type Connection, connect } from './connect.ts'
import { createDocumentReader, createStatementReader } from './copy.ts'
import { createDescriptionTables } from './descriptions.ts'
import { createDocumentTable } from './documents.ts'
import { translateError } from './errors.ts'
import { createIndexTables } from './index-tables.ts'
import { createInsert } from './insert.ts'
import { createQueries } from './query.ts'
import { recallIndex } from './rebuild-recent-index.ts'
import { createReferences } from './references.ts'
import { createStatementRevision } from './revision.ts'
import { createRewriting } from './rewrite.ts'
import { createScratch } from './scratch.ts'
import { createTermIds } from './term-ids.ts'
import { createTransactions } from './transactions.ts'

/** The store of one target: one file, one writer. */
export interface SqliteStore extends EngineStore {
  status(): Promise<BackendStatus>
  close(): Promise<void>
}

export interface StoreOptions extends CacheSize {
  readonly file: string
  readonly clock: Clock
  /** How many statements are indexed only in memory. */
  readonly maxInMemory: number
  /** Bytes of pages of statements that are kept to be sent again. */
  readonly pageCacheSize: number
}

/** After this many reads, waiting writers have their turn. */
const maxReads = 64

const lastTimeIn = (connection: Connection): Micros => {
  const last = connection.prepare<[last: Micros]>(
    `SELECT max(
       ifnull((SELECT max(stored) FROM statement), 0),
       ifnull((SELECT max(updated) FROM document), 0),
       (SELECT last FROM progress))`
  )
  return last.get()?.[0] ?? 0
}

const makeDirectory = (directory: string): void => {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (cause) {
    const path = { path: directory }
    throw new RalphError('STORE_FULL', `the directory ${directory} cannot be created: ${cause}`, path, { cause })
  }
}

/**
 * Opens the store, and creates it when it does not exist. Throws `STORE_IN_USE` when another process writes to it, `STORE_FULL` when it
 * cannot be written, `STORE_CORRUPT` when the file is something else.
 */
export const openStore = (options: StoreOptions): SqliteStore => {
  const { file } = options
  makeDirectory(dirname(file))
  const lock = lockStore(file)
  let connection: Connection
  try {
    connection = connect(file, options)
  } catch (error) {
    lock.release()
    throw error
  }
  try {
    return build(connection, options, lock.release)
  } catch (error) {
    connection.close()
    lock.release()
    throw translateError(error, file)
  }
}

/** Everything in the file of one store. What is in memory of it is filled from the file. */
const openTables = (connection: Connection, { clock, maxInMemory, pageCacheSize }: StoreOptions) => {
  const times = createIncreasingClock(clock)
  times.passed(lastTimeIn(connection))
  const termIds = createTermIds(connection)
  const index = createIndexTables(connection, maxInMemory)
  const references = createReferences(connection, termIds, index)
  recallIndex({ connection, termIds, index, references })
  const parts = createChunkTable(connection)
  const attachments = createAttachmentTable(connection, parts, times)
  const descriptions = createDescriptionTables(connection)
  const revision = createStatementRevision()
  const pages = createPageCache({ size: pageCacheSize })
  const { insert, restore, rewrite } = createInsert({
    connection,
    times,
    termIds,
    index,
    references,
    attachments,
    descriptions,
    revision
  })
  const transactions = createTransactions(connection, [index, descriptions, termIds, references, revision], times)
  const queries = createQueries({ connection, times: transactions.visible, termIds, index, pages, revision })
  const documents = createDocumentTable(connection, parts, times)
  const scratch = createScratch(connection)
  const readStatements = createStatementReader(connection)
  const readDocuments = createDocumentReader(connection, parts)
  return {
    times,
    index,
    attachments,
    descriptions,
    insert,
    restore,
    rewrite,
    transactions,
    queries,
    documents,
    scratch,
    readStatements,
    readDocuments
  }
}

const build = (connection: Connection, options: StoreOptions, release: () => void): SqliteStore => {
  const { file } = options
  const tables = openTables(connection, options)
  const { times, index, attachments, descriptions, transactions, queries, documents, scratch } = tables
  const { visible } = transactions

  const findStatement = connection.prepare<[stored: Micros, text: string]>(
    'SELECT stored, text FROM statement WHERE stored = ? AND voided = ?'
  )
  const saveTime = connection.prepare('UPDATE progress SET last = ?')

  /** Reads that were answered since the last commit. */
  let reads = 0
  let closing = false
  const group = createGroupCommit({
    ...transactions,
    commit: () => {
      reads = 0
      return transactions.commit()
    }
  })

  const access = createDiskAccess({
    group,
    closed: () => (closing ? storeClosed(file) : undefined),
    translate: (error) => translateError(error, file)
  })
  const { health, write, writeInSteps } = access

  const read = <T>(work: () => T | Promise<T>, options?: CallOptions): Promise<T> =>
    access.read(async () => {
      reads += 1
      // Reads are answered without a turn of the event loop. An endless sequence of reads must not keep writers waiting.
      if (reads > maxReads && group.waiting() > 0) await setImmediate()
      return work()
    }, options)

  /** Writes as much as the failed write, because a full disk may have room for less. */
  const tryWriting = async (size: number): Promise<void> => {
    await write(
      () => scratch.fill(size),
      {},
      () => size
    )
    await write(scratch.clear)
  }

  /** The caller counts what was read, but nothing counts what is being read. So large attachments are read one at a time. */
  const inLine = createQueue()
  const readDocument = async (key: DocumentKey): Promise<StoredDocument | undefined> => {
    let { done, value } = documents.get(key).next()
    if (done !== true) value = false
    while (value === false) value = await inLine(() => inTurns(documents.get(key)))
    return value ?? undefined
  }

  return {
    statements: {
      insert: (batch, options = {}) =>
        writeInSteps(
          () => tables.insert(batch),
          { refusesFirst: batch.statements.length === 1, signal: options.signal },
          () => sizeOfBatch(batch)
        ),
      find: (id: StatementId, { voided }, options) =>
        read(() => {
          const row = findStatement.get(index.find(id) ?? null, Number(voided))
          return row && { id, stored: row[0], text: row[1] }
        }, options),
      findAll: (ids, options) => read(() => queries.findAll(ids), options),
      query: (query, options) => read(() => queries.query(query, options), options),
      queryText: (query, frame, options) => read(() => queries.queryText(query, frame, options), options),
      consistentThrough: (options) => read(visible.now, options),
      describe: (iris, options) => read(() => descriptions.describe(iris), options),
      agentNames: (identifier, options) => read(() => descriptions.agentNames(identifier), options)
    },
    attachments: {
      read: async function* (sha2s, options) {
        for (const sha2 of new Set(sha2s)) {
          const attachment = await read(() => inTurns(attachments.find(sha2)), options)
          if (attachment) yield attachment
        }
      }
    },
    documents: {
      get: (key, options) => read(() => readDocument(key), options),
      change: (key, change, options = {}) => {
        const { change: apply, size } = measured(change)
        return writeInSteps(() => documents.change(key, apply), { refusesFirst: true, signal: options.signal }, size)
      },
      ids: (scope, since, options) => read(() => documents.ids(scope, since), options),
      clear: (scope, options = {}) => writeInSteps(() => documents.clear(scope), { signal: options.signal })
    },
    copy: {
      statements: (after, limit, options) => read(() => tables.readStatements(after, limit), options),
      restoreStatements: (restored, contents, options = {}) =>
        writeInSteps(() => tables.restore(restored, contents), { signal: options.signal }),
      documents: (after, limit, options) => read(() => inTurns(tables.readDocuments(after, limit)), options),
      restoreDocuments: (restored, options = {}) =>
        writeInSteps(
          function* () {
            for (const each of restored) {
              yield* documents.restore(each)
              yield
            }
          },
          { signal: options.signal }
        )
    },
    rewriting: createRewriting({ connection, rewrite: tables.rewrite, index, write, writeInSteps, read }),
    status: async () => {
      const detail = await health.trouble(tryWriting)
      return detail === undefined ? { state: 'ok' } : { state: 'error', detail }
    },
    close: async () => {
      if (closing) return
      index.moveAll()
      // A promise of `consistentThrough` that no statement has passed must be kept after a restart too.
      const saving = health.isSound() ? write(() => saveTime.run(times.now())) : undefined
      closing = true
      try {
        await saving
      } finally {
        await group.close()
        connection.close()
        release()
      }
    }
  }
}
