import { randomUUID } from 'node:crypto'
import { type Db, type Document, MongoClient } from 'mongodb'
import type { Test } from 'tap'
import { type MongoOptions, openMongo } from '../../src/backends/mongo/lrs.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from './clock.ts'

export const collection = 'marsha'

/** So that a test need not wait as long as servers do for one that died. */
export const quickLease = { timeToLive: 1500, patience: 20_000, linger: 50 }

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
