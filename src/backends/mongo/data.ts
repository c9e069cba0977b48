import type { Db } from 'mongodb'
import type { InputRecord, Listed, ListOptions, RecordsBackend, WriteOptions } from '../../contracts/data-backend.ts'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { createPatience } from '../../network/patience.ts'
import { writeRecords } from '../../records/reconcile.ts'
import { statusOfClosed, storeClosed } from '../../storage/closed.ts'
import { createOnce } from '../../storage/once.ts'
import { createConnection } from './connect.ts'
import { asError, asking } from './data/errors.ts'
import { readDocuments } from './data/read.ts'
import { type RecordCollection, type RecordDocument, recordContainer } from './data/write.ts'
import { isUnauthorized } from './errors.ts'
import { type KeyDocument, readSeenObjectIds, type SeenObjectIds } from './seen-object-ids.ts'
import { statusOf } from './status.ts'

export interface MongoDataOptions {
  readonly connectionUri: string
  readonly database: string
  readonly collection: string
  readonly timeout: number
  readonly log: Log
}

const byRecordId = { name: 'ralph_record_id', key: { '_source.id': 1 } } as const

/**
 * Collections of a MongoDB database, in the form of Python Ralph 5: `{_id, _source}`. `_id` is made of the timestamp and the id of the
 * record. A collection in which records are replaced gets an index of their ids.
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
  const indexed = createOnce<void>()
  const known = createOnce<SeenObjectIds>()
  let closing: Promise<void> | undefined

  const open = async (): Promise<Db> => {
    if (closing) throw storeClosed()
    return (await connection.open()).db
  }

  const makeIndex = async (name: string): Promise<void> => {
    try {
      await connection.patiently((db) => db.collection(name).createIndexes([byRecordId]))
    } catch (error) {
      if (!isUnauthorized(error)) throw error
      log.warn(`${name} has no index of _source.id, and the user may not create it: writing is slow`)
    }
  }

  const patiently = <Result>(work: () => Promise<Result>): Promise<Result> =>
    patience.run(() => asking(work, 'INVALID_INPUT'))

  const collectionOf = async (name: string): Promise<RecordCollection> => ({
    collection: (await open()).collection<RecordDocument>(name),
    digests: await known.get(name, () =>
      patiently(async () => readSeenObjectIds((await open()).collection<KeyDocument>(name)))
    ),
    ensureIndex: () => indexed.get(name, () => patiently(() => makeIndex(name)))
  })

  /** Another database is read through a separate connection. */
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

  return {
    moves: 'records',
    status: async (callOptions) => (closing ? statusOfClosed : statusOf(connection, callOptions, asError)),
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
        indexed.forget(id)
        known.forget(id)
        return { deleted: 1 }
      }),
    close: () => {
      closing ??= connection.close()
      return closing
    }
  }
}
