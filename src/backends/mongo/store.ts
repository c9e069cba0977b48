import { setTimeout } from 'node:timers/promises'
import type { ObjectId } from 'mongodb'
import type { BackendContext } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { createIncreasingClock } from '../../durability/increasing-clock.ts'
import { defaultTimeout } from '../../network/time-limit.ts'
import { createBatchedWriter } from '../../storage/batching/batched-writer.ts'
import { createLease, defaultLease } from '../../storage/batching/lease.ts'
import type { EngineStore } from '../../storage/follow.ts'
import { createGuard } from '../../storage/guard.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { textPageOf } from '../../xapi/text-page.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { type AdoptReport, adoptStatements } from './adopt.ts'
import { readAttachments } from './attachments.ts'
import { openCollections } from './collections.ts'
import type { Connection } from './connect.ts'
import { descriptionsAt, findDescriptions, findNames } from './descriptions.ts'
import { createDocuments } from './documents.ts'
import { createEngine } from './engine.ts'
import { isBroken, translating } from './errors.ts'
import { createLeaseTable } from './lease-table.ts'
import type { CollectionNames, MongoOptions } from './names.ts'
import { createQueries } from './query.ts'
import { prepareCollections, requireThere } from './schema.ts'
import { createSnapshots } from './snapshots.ts'

/** The store of one target. */
export interface MongoStore extends EngineStore {
  /** Takes in what Ralph has written into the collection since this was called last. */
  adopt(): Promise<AdoptReport>
  close(): Promise<void>
}

export interface StoreOptions {
  readonly connection: Connection
  readonly names: CollectionNames
  readonly context: BackendContext
  readonly options: Pick<MongoOptions, 'writeDelay' | 'lease' | 'timeout'>
}

/** A time that is so old, in microseconds, is no longer worth telling a reader who asks how far the store is consistent. */
const staleness = 1_000_000

/** Milliseconds that those who ask how far the store is consistent wait for a later answer than the one that is known. */
const courtesy = 2000

export const openStore = async ({ connection, names, context, options }: StoreOptions): Promise<MongoStore> => {
  if (context.mustExist) await requireThere(connection, names)
  await prepareCollections(connection, names)
  const collections = await openCollections(connection, names)
  const { clock } = context
  const leaseTable = createLeaseTable(collections)
  const lease = createLease(
    leaseTable,
    clock,
    options.lease ?? { ...defaultLease, patience: options.timeout ?? defaultTimeout }
  )
  const snapshots = createSnapshots(lease, leaseTable)
  const adopting = new Map<StatementId, ObjectId>()
  const engine = createEngine({ collections, lease, snapshots, clock, adopting, foreign: () => void adoptLater() })
  const writer = createBatchedWriter({ engine, clock, delay: options.writeDelay })
  const queries = createQueries(collections, snapshots)
  const documents = createDocuments(collections, createIncreasingClock(clock))

  /** What was idle may have died without a word, in a restart of the server for one. */
  const reading = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await translating(work)
    } catch (error) {
      if (!isBroken(error)) throw error
      return translating(work)
    }
  }

  const guard = createGuard()
  const run = <Result>(
    work: () => Promise<Result>,
    options?: CallOptions,
    kind: (work: () => Promise<Result>) => Promise<Result> = translating
  ): Promise<Result> => guard.run(() => kind(work), options)

  /** Since when the promise that is being asked for is waited for, by the monotonic clock. */
  let asking: number | undefined

  /**
   * No reader waits for long until another server makes way, which may have died: what is known is true, if not as late
   * as it could be.
   */
  const promise = async (options: CallOptions | undefined): Promise<Micros> => {
    asking ??= performance.now()
    const promised = writer.consistentThrough(options).finally(() => {
      asking = undefined
    })
    const answered = new AbortController()
    const patience = Math.max(0, asking + courtesy - performance.now())
    const late = setTimeout(patience, undefined, { ref: false, signal: answered.signal }).then(() =>
      snapshots.read(async ({ last }) => last)
    )
    // Whichever comes second concerns nobody.
    late.catch(() => {})
    promised.catch(() => {})
    try {
      return await Promise.race([promised, late])
    } finally {
      answered.abort()
    }
  }

  let isAdopting: Promise<AdoptReport> | undefined
  const adopt = (): Promise<AdoptReport> => {
    isAdopting ??= translating(() => adoptStatements({ collections, writer, clock, adopting })).finally(() => {
      isAdopting = undefined
    })
    return isAdopting
  }
  const adoptAndTell = async (): Promise<void> => {
    const { taken, refused } = await adopt()
    if (taken > 0) context.warn(`${names.statements}: ${taken} statements that Ralph wrote were taken in`)
    if (refused > 0) {
      const how = 'db.getCollection(…).find({"ralph.refused": {$exists: true}}) shows them'
      context.warn(`${names.statements}: ${refused} documents are no statements, or are there twice; ${how}`)
    }
  }
  const adoptLater = async (): Promise<void> => {
    await adoptAndTell().catch((error: unknown) => {
      context.warn(`${names.statements}: what Ralph has written cannot be taken in: ${error}`)
    })
  }
  await adoptAndTell()

  return {
    statements: {
      insert: async (batch, options) => {
        try {
          return await writer.insert(batch, options)
        } catch (error) {
          if (isAdopting === undefined) throw error
          // Ralph has written one of them meanwhile: now that it is known, it is judged as any other.
          await isAdopting
          return writer.insert(batch, options)
        }
      },
      find: (id, wanted, options) => run(() => queries.find(id, wanted, options), options, reading),
      findAll: (ids, options) => run(() => queries.findAll(ids, options), options, reading),
      query: (query, options) => run(() => queries.query(query, options), options, reading),
      queryText: (query, frame, options) =>
        run(async () => textPageOf(await queries.query(query, options), frame), options, reading),
      consistentThrough: (options) =>
        run(async () => {
          const known = snapshots.known()
          return clock() - known < staleness ? known : promise(options)
        }, options),
      describe: (iris, options) =>
        run(
          () =>
            snapshots.read(async (written) =>
              descriptionsAt(iris, await findDescriptions(collections, iris, options?.signal), written)
            ),
          options,
          reading
        ),
      agentNames: (identifier, options) =>
        run(
          () => snapshots.read(({ last }) => findNames(collections, identifier, last, options?.signal)),
          options,
          reading
        )
    },
    attachments: {
      read: async function* (sha2s, options) {
        const reading = readAttachments(collections, sha2s, options?.signal)
        for (;;) {
          const next = await run(() => reading.next(), options)
          if (next.done) return
          yield next.value
        }
      }
    },
    documents: {
      get: (key, options) => run(() => documents.get(key, options), options, reading),
      change: (key, change, options) => run(() => documents.change(key, change, options), options),
      ids: (scope, since, options) => run(() => documents.ids(scope, since, options), options, reading),
      clear: (scope, options) => run(() => documents.clear(scope, options), options)
    },
    copy: {
      statements: (after, limit, options) => run(() => queries.all(after, limit, options), options, reading),
      restoreStatements: writer.restore,
      documents: (after, limit, options) => run(() => documents.page(after, limit, options), options, reading),
      restoreDocuments: (restored, options) => run(() => documents.restore(restored), options)
    },
    adopt: () => run(adopt),
    close: () =>
      guard.close(async () => {
        await writer.close()
        await engine.close()
      })
  }
}
