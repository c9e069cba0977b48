import type { ObjectId } from 'mongodb'
import type { BackendContext } from '../../contracts/lrs-backend.ts'
import { createIncreasingClock } from '../../durability/increasing-clock.ts'
import { freshRecord } from '../../storage/batching/lease-record.ts'
import { createLeasedWriting, type WritingOptions } from '../../storage/batching/leased-writing.ts'
import { createSnapshots } from '../../storage/batching/snapshots.ts'
import type { EngineStore } from '../../storage/follow.ts'
import { createGuard, guardStore } from '../../storage/guard.ts'
import { createPageCache } from '../../storage/page-cache.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { textPageOf } from '../../xapi/text-page.ts'
import { type AdoptReport, adoptStatements } from './adopt.ts'
import { readAttachments } from './attachments.ts'
import { openCollections } from './collections.ts'
import type { Connection } from './connect.ts'
import { descriptionsAt, findDescriptions, findNames } from './descriptions.ts'
import { createDocuments } from './documents.ts'
import { createEngine, where } from './engine.ts'
import { isBroken, translating } from './errors.ts'
import { createLeaseTable } from './lease-table.ts'
import type { CollectionNames } from './names.ts'
import { createQueries } from './query.ts'
import { purge } from './removal.ts'
import { prepareCollections, requireThere } from './schema.ts'

/** The store of one target. */
export interface MongoStore extends EngineStore {
  /** Adopts what Python Ralph wrote into the collection after the last call. */
  adopt(): Promise<AdoptReport>
  close(): Promise<void>
}

export interface StoreOptions {
  readonly connection: Connection
  readonly names: CollectionNames
  readonly context: BackendContext
  readonly options: WritingOptions
}

export const openStore = async ({ connection, names, context, options }: StoreOptions): Promise<MongoStore> => {
  if (context.mustExist) await requireThere(connection, names)
  await prepareCollections(connection, names)
  const collections = await openCollections(connection, names)
  const { clock } = context
  const leaseTable = createLeaseTable(collections)
  const adopting = new Map<StatementId, ObjectId>()
  const { snapshots, writer, consistentThrough, close } = createLeasedWriting({
    clock,
    options,
    leaseTable,
    where,
    snapshotsOf: (lease) =>
      createSnapshots({ lease, readWritten: async () => (await leaseTable.read())?.record ?? freshRecord }),
    engineOf: (lease) => createEngine({ collections, lease, adopting, foreign: () => void adoptLater() })
  })
  const queries = createQueries(collections, snapshots)
  const pages = createPageCache({ isShared: true })
  const documents = createDocuments(collections, createIncreasingClock(clock))

  /** An idle connection may be dead without a sign, for example after a restart of the server. */
  const reading = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await translating(work)
    } catch (error) {
      if (!isBroken(error)) throw error
      return translating(work)
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
    if (taken > 0) context.warn(`${names.statements}: ${taken} statements that Python Ralph wrote were adopted`)
    if (refused > 0) {
      const how = 'db.getCollection(…).find({"ralph.refused": {$exists: true}}) shows them'
      context.warn(`${names.statements}: ${refused} documents are not statements, or exist twice; ${how}`)
    }
  }
  const adoptLater = async (): Promise<void> => {
    await adoptAndTell().catch((error: unknown) => {
      context.warn(`${names.statements}: the statements that Python Ralph wrote cannot be adopted: ${error}`)
    })
  }
  await adoptAndTell()

  const guard = createGuard()
  const store: EngineStore = {
    statements: {
      insert: async (batch, options) => {
        try {
          return await writer.insert(batch, options)
        } catch (error) {
          if (isAdopting === undefined) throw error
          // Python Ralph has just written one of these statements. When it is adopted, it is compared like any other.
          await isAdopting
          return writer.insert(batch, options)
        }
      },
      find: queries.find,
      findAll: queries.findAll,
      query: queries.query,
      queryText: (query, frame, options) =>
        pages.get(query, frame, {
          revision: () => snapshots.last(options),
          read: async () => textPageOf(await queries.query(query, options), frame)
        }),
      consistentThrough,
      describe: (iris, options) =>
        snapshots.read(async (written) =>
          descriptionsAt(iris, await findDescriptions(collections, iris, options?.signal), written)
        ),
      agentNames: (identifier, options) =>
        snapshots.read(({ last }) => findNames(collections, identifier, last, options?.signal))
    },
    attachments: { read: (sha2s, { signal } = {}) => readAttachments(collections, sha2s, signal) },
    documents,
    copy: {
      statements: queries.all,
      restoreStatements: writer.restore,
      documents: documents.page,
      restoreDocuments: documents.restore
    },
    rewriting: { rewrite: writer.rewrite, purge }
  }
  return {
    ...guardStore(guard, store, {
      kinds: { once: translating, repeatable: reading },
      answers: connection.answers
    }),
    adopt: () => guard.run(adopt),
    close: () => guard.close(close)
  }
}
