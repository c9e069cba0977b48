import { createHash, randomUUID } from 'node:crypto'
import { type Db, type Document, MongoClient, ObjectId } from 'mongodb'
import type { Test } from 'tap'
import { type MongoOptions, openMongo } from '../../src/backends/mongo/lrs.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import { contextOf } from '../contracts/open-backend.ts'
import type { BatchedData } from '../contracts/write-batches.ts'
import { aClock } from './clock.ts'

export const collection = 'marsha'

/** A database that nobody has, and that is gone when the test ends, and a client that looks behind the server's back. */
export const aDatabase = async (t: Test, url: string): Promise<{ readonly options: MongoOptions; readonly db: Db }> => {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 3000 })
  const db = client.db(`ralph_${randomUUID()}`)
  t.teardown(async () => {
    await db.dropDatabase().catch((error: unknown) => t.comment(`${db.databaseName} is left behind: ${error}`))
    await client.close()
  })
  return {
    db,
    options: { connectionUri: url, database: db.databaseName, collection, writeDelay: 0 }
  }
}

/** Several servers on one database: each has its own connections and its own clock, so many microseconds off. */
export const servers = (t: Test, options: MongoOptions, ...offsets: number[]): LrsBackend[] =>
  offsets.map((offset) => {
    const clock = aClock()
    clock.shift(offset)
    const backend = openMongo(options, contextOf(t, clock.now, t.testdirName))
    t.teardown(() => backend.close())
    return backend
  })

export const server = (t: Test, options: MongoOptions): LrsBackend => {
  const [only] = servers(t, options, 0)
  if (only === undefined) throw new Error('one server was opened')
  return only
}

/** What is ours in the documents of statements, by id. */
export const relationsIn = async (db: Db): Promise<Map<string, Document>> => {
  const found = await db.collection(collection).find().toArray()
  return new Map(found.map(({ ralph }) => [String(ralph?.id), ralph]))
}

/** The document that Python Ralph writes. */
export const pythonDocument = (statement: Statement): Document => ({
  _id: new ObjectId(
    Buffer.concat([
      Buffer.from(Math.floor(Date.parse(statement.timestamp ?? '') / 1000).toString(16), 'hex'),
      createHash('sha256').update(String(statement.id)).digest().subarray(0, 8)
    ])
  ),
  _source: statement
})

/** For `writeBatchContract`. */
export const batchedMongo = async (t: Test, url: string): Promise<BatchedData> => {
  const { options, db } = await aDatabase(t, url)
  const [statements, lease] = [db.collection(collection), db.collection<{ _id: string }>(`${collection}:lease`)]
  return {
    server: ({ lease, clock = aClock().now } = {}) => {
      const backend = openMongo({ ...options, ...(lease && { lease }) }, contextOf(t, clock, t.testdirName))
      t.teardown(() => backend.close())
      return backend
    },
    lease: {
      last: async () => Number((await lease.findOne<{ last: unknown }>({ _id: 'lease' }))?.last),
      change: async (parts) => void (await lease.updateOne({ _id: 'lease' }, { $set: parts, $inc: { version: 1 } })),
      remove: async () => void (await lease.drop())
    },
    // MongoDB tells batches apart by the time of their statements.
    hidesRestored: false,
    count: async () => {
      const names = (await db.listCollections().toArray()).map(({ name }) => name)
      const others = names.filter((name) => name !== collection).map((name) => db.collection(name).countDocuments())
      return {
        statements: await statements.countDocuments(),
        others: (await Promise.all(others)).reduce((sum, count) => sum + count, 0)
      }
    },
    relations: async () =>
      new Map([...(await relationsIn(db))].map(([id, { version, ...rest }]) => [id, { pending: [], ...rest }])),
    writeAsPython: async (all) => void (await statements.insertMany(all.map(pythonDocument))),
    readAsPython: async () => {
      const all = await statements.find().sort({ _id: 1 }).toArray()
      return all.map(({ _id, _source }) => ({ _id: String(_id), _source }))
    }
  }
}
