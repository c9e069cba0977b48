import { join } from 'node:path'
import type { BackendContext, BackendStatus } from '../../contracts/lrs-backend.ts'
import type { StatementPage } from '../../contracts/statement-store.ts'
import { measured, sizeOfBatch } from '../../durability/write-health.ts'
import { messageOf } from '../../errors.ts'
import { createGroupCommit } from '../../storage/batching/group-commit.ts'
import { statusOfClosed, storeClosed } from '../../storage/closed.ts'
import { createDiskAccess } from '../../storage/disk-access.ts'
import type { EngineStore } from '../../storage/follow.ts'
import { type IndexRow, rowsOf } from '../../storage/memory-index/statement-index.ts'
import { fitting } from '../../xapi/filters.ts'
import { textPageOf } from '../../xapi/text-page.ts'
import { createFsAttachments } from './attachments.ts'
import { createCompactor } from './compact.ts'
import { createRestore } from './copy.ts'
import { createFsDocuments } from './documents.ts'
import { translateError } from './errors.ts'
import { writeScratch } from './file.ts'
import { lockFiles, type Opened, openFiles, ownDirectory, type StoreOptions } from './open-files.ts'
import { createReopening, type ReopenedStore } from './reopening.ts'
import { forgetAttachments } from './rewrite.ts'
import { createInsert } from './statements.ts'
import { createTransaction } from './transaction.ts'

/** The store of one target: one directory, one writer. */
export interface FsStore extends EngineStore {
  status(): Promise<BackendStatus>
  close(): Promise<void>
}

/**
 * Opens the store, and creates it when it does not exist. Throws `STORE_IN_USE` when another process writes to it, `STORE_FULL` when it
 * cannot be written, `STORE_CORRUPT` when its own files are damaged.
 */
export const openStore = async (options: StoreOptions, context: BackendContext): Promise<FsStore> => {
  try {
    const { close: release } = await lockFiles(options)
    const open = async (): Promise<ReopenedStore> => {
      const { value, close } = await openFiles(options, context)
      const { files, kept, times } = value
      return {
        ...build(options, value, close, context.warn),
        forgetAttachments: (sha2s) => forgetAttachments(files.attachments, kept.attachments, sha2s),
        compact: () => createCompactor(files.journal, kept, times, context.warn).compactAlways()
      }
    }
    const store = await createReopening(options, open).catch(async (error: unknown) => {
      await release()
      throw error
    })
    return {
      ...store,
      close: async () => {
        await store.close()
        await release()
      }
    }
  } catch (error) {
    throw translateError(error, options.directory)
  }
}

const build = (
  { directory }: StoreOptions,
  { files, kept, times }: Opened,
  closeFiles: () => Promise<void>,
  warn: (message: string) => void
): Omit<ReopenedStore, 'forgetAttachments' | 'compact'> => {
  const { statements, journal } = files
  const { index, metadata } = statements
  let closed = false

  const transaction = createTransaction(files)
  const documents = createFsDocuments(kept.documents, journal, transaction, times)
  const attachments = createFsAttachments(kept.attachments, files.attachments, transaction)
  const insert = createInsert(files, transaction, attachments, kept, times)
  const compactor = createCompactor(journal, kept, times, warn)
  const settle = (): void => {
    documents.settle()
    attachments.settle()
  }
  const group = createGroupCommit({
    begin: transaction.begin,
    commit: async () => {
      await transaction.commit()
      settle()
      await compactor.compactIfLarge()
    },
    rollback: () => {
      transaction.rollback()
      settle()
    }
  })

  const { read, write, writeInSteps, health } = createDiskAccess({
    group,
    closed: () => (closed ? storeClosed() : undefined),
    translate: (error) => translateError(error, directory)
  })
  const restore = createRestore(files, transaction, times)

  const pageOf = async ({
    rows,
    more
  }: {
    readonly rows: readonly IndexRow[]
    readonly more: boolean
  }): Promise<StatementPage> => {
    const count = fitting(rows.map(statements.lengthOf))
    return { statements: await statements.read(rows.slice(0, count)), more: more || count < rows.length }
  }

  const keepTime = (): Promise<void> => write(() => transaction.addEntry(journal, { passed: times.now() }))

  /**
   * Writes as much as the failed write, because a full disk may have room for less. It writes at the end of the longest file, so a limit on
   * the size of a file is found too.
   */
  const tryWriting = async (size: number): Promise<void> => {
    const longest = Math.max(statements.end, journal.end, files.attachments.end)
    await writeScratch(join(directory, ownDirectory, 'scratch'), longest, size)
    await keepTime()
    health.succeeded(() => size)
  }

  return {
    statements: {
      insert: (batch, options) =>
        writeInSteps(
          () => insert(batch),
          { ...options, refusesFirst: true },
          () => sizeOfBatch(batch)
        ),
      find: (id, { voided }, options) =>
        read(async () => {
          const row = index.row(id)
          return row === undefined || index.isVoided(row) !== voided ? undefined : (await statements.read([row]))[0]
        }, options),
      findAll: (ids, options) => read(() => pageOf({ rows: rowsOf(index, ids), more: false }), options),
      query: (query, options) => read(() => pageOf(index.query(query)), options),
      queryText: (query, frame, options) =>
        read(async () => textPageOf(await pageOf(index.query(query)), frame), options),
      consistentThrough: (options) =>
        read(() => {
          const earliest = transaction.earliest()
          return earliest === undefined ? times.now() : earliest - 1
        }, options),
      describe: ({ activities, verbs }, options) => read(() => metadata.describe(activities, verbs), options),
      agentNames: (identifier, options) => read(() => metadata.names(identifier), options)
    },
    attachments: {
      read: async function* (sha2s, options) {
        for (const sha2 of new Set(sha2s)) {
          const found = await read(() => attachments.read(sha2), options)
          if (found !== undefined) yield found
        }
      }
    },
    documents: {
      get: (key, options) => read(() => documents.get(key), options),
      change: (key, change, options) => {
        const { change: apply, size } = measured(change)
        return writeInSteps(() => documents.change(key, apply), { ...options, refusesFirst: true }, size)
      },
      ids: (scope, since, options) => read(() => documents.ids(scope, since), options),
      clear: (scope, options) => write(() => documents.clear(scope), options)
    },
    copy: {
      statements: (after, limit, options) => read(() => pageOf(index.everything(after, limit)), options),
      restoreStatements: (restored, contents, options) =>
        writeInSteps(() => {
          attachments.add(contents)
          return restore(restored)
        }, options),
      documents: (after, limit, options) => read(() => documents.all(after, limit), options),
      restoreDocuments: (restored, options) => write(() => restored.forEach(documents.restore), options)
    },
    status: async () => {
      if (closed) return statusOfClosed
      const detail = await health.trouble(tryWriting)
      return detail === undefined ? { state: 'ok' } : { state: 'error', detail }
    },
    close: async () => {
      if (closed) return
      // A promise of `consistentThrough` that no statement has passed must be kept after a restart too.
      const kept = keepTime().catch((error: unknown) => {
        // Only a promise to readers may be lost. The statements were durable when they were acknowledged.
        warn(`the last write to ${directory} failed: ${messageOf(error)}`)
      })
      closed = true
      await kept
      await group.close()
      await files.intent.truncate(0).catch(() => {})
      await closeFiles()
    }
  }
}
