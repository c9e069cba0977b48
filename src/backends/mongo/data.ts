import type { Db } from 'mongodb'
import type { InputRecord, Listed, ListOptions, RecordsBackend, WriteOptions } from '../../contracts/data-backend.ts'
import type { Log } from '../../contracts/log.ts'
import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import { messageOf, RalphError } from '../../errors.ts'
import { createPatience } from '../../network/patience.ts'
import { writeRecords } from '../../records/reconcile.ts'
import { statusOfClosed, storeClosed } from '../../storage/closed.ts'
import { createConnection } from './connect.ts'
import { asError, asking } from './data/errors.ts'
import { readDocuments } from './data/read.ts'
import { type RecordCollection, type RecordDocument, recordContainer } from './data/write.ts'
import { isUnauthorized } from './errors.ts'
import { type KeyDocument, type KnownDigests, readDigests } from './seen-digests.ts'

export interface MongoDataOptions {
  readonly connectionUri: string
  readonly database: string
  readonly collection: string
  readonly timeout: number
  readonly log: Log
}

/** Milliseconds that a health check waits for an answer. */
const statusTimeout = 2000

const byRecordId = { name: 'ralph_record_id', key: { '_source.id': 1 } } as const

/**
 * Collections of a MongoDB database, as Ralph 5 reads and writes them: `{_id, _source}`, `_id` made of the timestamp and
 * the id of the record. A collection in which records are replaced gets an index of their ids.
 */
export const openMongoData = async ({
  connectionUri,
  database,
  collection,
  timeout,
  log
}: MongoDataOptions): Promise<RecordsBackend> => {
  const connection = createConnection(connectionUri, database, timeout)
  const patience = createPatience()
  const indexed = new Map<string, Promise<void>>()
  const known = new Map<string, Promise<KnownDigests>>()
  let closing: Promise<void> | undefined

  const open = async (): Promise<Db> => {
    if (closing) throw storeClosed()
    return (await connection.open()).db
  }

  const makeIndex = async (name: string): Promise<void> => {
    const db = await connection.openPatient()
    await db
      .collection(name)
      .createIndexes([byRecordId])
      .catch((error: unknown) => {
        if (!isUnauthorized(error)) throw error
        log.warn(`${name} has no index of _source.id, and the user may not make it: writing becomes slow`)
      })
  }

  /** Made once; what fails is tried again by the next who asks. */
  const once = <Result>(made: Map<string, Promise<Result>>, name: string, make: () => Promise<Result>) => {
    const present = made.get(name)
    if (present !== undefined) return present
    const making = patience.run(() => asking(make, 'INVALID_INPUT'))
    made.set(name, making)
    making.catch(() => made.delete(name))
    return making
  }

  const collectionOf = async (name: string): Promise<RecordCollection> => ({
    collection: (await open()).collection<RecordDocument>(name),
    digests: await once(known, name, async () => readDigests((await open()).collection<KeyDocument>(name))),
    ensureIndex: () => once(indexed, name, () => makeIndex(name))
  })

  /** Another database is looked at by a connection of its own. */
  const inDatabase = async <Result>(name: string | undefined, work: (db: Db) => Promise<Result>): Promise<Result> => {
    if (name === undefined || name === database) return patience.run(() => asking(async () => work(await open())))
    const other = createConnection(connectionUri, name, timeout)
    try {
      return await asking(async () => work((await other.open()).db))
    } finally {
      await other.close()
    }
  }

  async function* list({ target, signal }: ListOptions): AsyncGenerator<Listed, void, undefined> {
    const all = await inDatabase(target, (db) => db.listCollections().toArray())
    signal?.throwIfAborted()
    for (const about of all.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      // Types that JSON lacks become text.
      yield { id: about.name, details: JSON.parse(JSON.stringify(about)) }
    }
  }

  const write = async (batch: readonly InputRecord[], { target = collection, operation, signal }: WriteOptions) => {
    const writeOnce = async () => writeRecords(recordContainer(await collectionOf(target), signal), batch, operation)
    return patience.run(() => asking(writeOnce, 'INVALID_INPUT'), signal)
  }

  const status = async (): Promise<BackendStatus> => {
    if (closing) return statusOfClosed
    try {
      await (await open()).command({ ping: 1, maxTimeMS: statusTimeout })
      return { state: 'ok' }
    } catch (error) {
      const translated = asError(error)
      const isAway = translated instanceof RalphError && translated.code === 'STORE_UNAVAILABLE'
      return { state: isAway ? 'away' : 'error', detail: messageOf(translated) }
    }
  }

  return {
    moves: 'records',
    status,
    list,
    read: (query, options) => readDocuments({ open, patience, collection }, query, options),
    write,
    delete: (id, { target }) =>
      inDatabase(target, async (db) => {
        const [found] = await db.listCollections({ name: id }, { nameOnly: true }).toArray()
        if (found === undefined) {
          throw new RalphError('NOT_FOUND', `the database ${db.databaseName} of MongoDB has no collection ${id}`)
        }
        await db.collection(id).drop()
        indexed.delete(id)
        known.delete(id)
        return { deleted: 1 }
      }),
    close: () => {
      closing ??= connection.close()
      return closing
    }
  }
}
