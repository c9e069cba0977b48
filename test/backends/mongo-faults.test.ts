import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { MongoServerError } from 'mongodb'
import t, { type Test } from 'tap'
import { translateError } from '../../src/backends/mongo/errors.ts'
import { openMongo } from '../../src/backends/mongo/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { followKilledContract } from '../contracts/follow-killed.ts'
import { killContract } from '../contracts/kill.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { holdProcess } from '../support/hold-process.ts'
import { allPages } from '../support/judged-store.ts'
import { aDatabase, server, servers } from '../support/mongo.ts'
import { useMongo } from '../support/openers.ts'
import { aBatch, aStatement, withMbox } from '../support/statements.ts'

const unavailable = { name: 'RalphError', code: 'STORE_UNAVAILABLE', details: { retryAfter: 1 } }
const ann = withMbox('ann')

const until = async (isSo: () => boolean): Promise<void> => {
  const limit = Date.now() + 60_000
  while (!isSo()) {
    if (Date.now() > limit) throw new Error('it did not happen in a minute')
    await wait(10)
  }
}

/** Writes to stores until told to stop, and keeps what was acknowledged; every refusal must be that of an engine that is away. */
const load = (t: Test, stores: readonly LrsStore[]) => {
  const acknowledged: string[] = []
  let [writing, failures] = [true, 0]
  const write = async (store: LrsStore): Promise<void> => {
    while (writing) {
      try {
        const { inserted } = await store.statements.insert(aBatch(aStatement(), aStatement({ actor: ann })))
        acknowledged.push(...inserted)
      } catch (error) {
        failures += 1
        t.match(error, unavailable)
        await wait(10)
      }
    }
  }
  const writers = stores.flatMap((store) => [write(store), write(store), write(store)])
  return {
    acknowledged,
    moreAcknowledged: async () => {
      const before = acknowledged.length
      await until(() => acknowledged.length > before + 50)
    },
    moreFailures: async () => {
      const before = failures
      await until(() => failures > before)
    },
    stop: async () => {
      writing = false
      await Promise.all(writers)
    }
  }
}

/** Every statement that was acknowledged is there, once, and the walk in pages shows all of them. */
const requireAll = async (t: Test, store: LrsStore, acknowledged: readonly string[]): Promise<void> => {
  const walked = (await allPages(store, { ascending: true, limit: 37 })).map(({ id }) => id)
  const there = new Set(walked)
  t.equal(there.size, walked.length, 'none twice')
  const lost = acknowledged.filter((id) => !there.has(id))
  t.same(lost, [], `all ${acknowledged.length} acknowledged ones are there`)
  t.equal((await allPages(store, { agent: ann })).length * 2, walked.length, 'no batch in part')
}

t.test('the engine is killed and started during load: nothing acknowledged is lost', async (t) => {
  const own = await ownEngine(t, 'mongo')
  if ('missing' in own) {
    t.comment(own.missing)
    return
  }
  const { options } = await aDatabase(t, own.url)
  const uri = `${own.url}/?serverSelectionTimeoutMS=500`
  const opened = servers(t, { ...options, connectionUri: uri }, 0, 0)
  const stores = await Promise.all(opened.map((each) => each.store()))
  const writers = load(t, stores)
  await writers.moreAcknowledged()
  await own.kill()
  await writers.moreFailures()
  for (const each of opened) t.match(await each.status(), { state: 'away', detail: /MongoDB/ })
  for (const store of stores) await t.rejects(allPages(store, {}), unavailable)
  await own.restart()
  await writers.moreAcknowledged()
  for (const each of opened) t.same(await each.status(), { state: 'ok' })
  await own.restart()
  await writers.moreAcknowledged()
  await writers.stop()
  for (const store of stores) await requireAll(t, store, writers.acknowledged)
})

t.test('an engine that is silent is given up, and used again as soon as it answers', async (t) => {
  const own = await ownEngine(t, 'mongo', { durable: false })
  if ('missing' in own) {
    t.comment(own.missing)
    return
  }
  const { options } = await aDatabase(t, own.url)
  const uri = `${own.url}/?serverSelectionTimeoutMS=300&socketTimeoutMS=400&connectTimeoutMS=300`
  const backend = server(t, { ...options, connectionUri: uri })
  const store = await backend.store()
  const before = aStatement()
  await store.statements.insert(aBatch(before))
  await holdProcess(own.pid)
  const [inserted, read, state] = await Promise.allSettled([
    store.statements.insert(aBatch(aStatement())),
    allPages(store, {}),
    backend.status()
  ])
  process.kill(own.pid, 'SIGCONT')
  t.match(inserted, { status: 'rejected', reason: unavailable })
  t.match(read, { status: 'rejected', reason: unavailable })
  t.match(state, { status: 'fulfilled', value: { state: 'away' } })
  const after = aStatement()
  await store.statements.insert(aBatch(after))
  const there = (await allPages(store, { ascending: true })).map(({ id }) => id)
  // Whether the one in between was kept nobody was told.
  t.equal(there[0], before.id)
  t.equal(there.at(-1), after.id)
  t.same(await backend.status(), { state: 'ok' })
})

t.test('a server that is not there is unavailable, and served once it is', async (t) => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  listener.close()
  const options = {
    connectionUri: `mongodb://user:secret@127.0.0.1:${port}/?serverSelectionTimeoutMS=200`,
    database: 'statements',
    collection: 'marsha',
    writeDelay: 0
  }
  const backend = openMongo(options, contextOf(t, aClock().now, t.testdirName))
  t.teardown(() => backend.close())
  const opening = backend.store()
  await t.rejects(opening, { ...unavailable, message: `127.0.0.1:${port}` })
  const said = await opening.catch((error: unknown) => String(error))
  t.notMatch(said, 'secret')
  t.match(await backend.status(), { state: 'away', detail: `127.0.0.1:${port}` })

  const own = await ownEngine(t, 'mongo', { durable: false })
  if ('missing' in own) {
    t.comment(own.missing)
    return
  }
  const other = await aDatabase(t, own.url)
  const late = server(t, { ...other.options, connectionUri: `${own.url}/?serverSelectionTimeoutMS=300` })
  await own.kill()
  await t.rejects(late.store(), unavailable)
  await own.restart()
  await (await late.store()).statements.insert(aBatch(aStatement()))
})

t.test('a connection string that cannot be read is a wrong setting, and its password is not repeated', async (t) => {
  const options = { database: 'statements', collection: 'marsha', writeDelay: 0 }
  const context = contextOf(t, aClock().now, t.testdirName)
  for (const uri of ['mongodb://user:secret@host:port/', 'mongodb://user:secret@host/?tls=maybe']) {
    try {
      openMongo({ ...options, connectionUri: uri }, context)
      t.fail('it was taken')
    } catch (error) {
      t.match(error, { code: 'INVALID_SETTING' })
      t.notMatch(String(error), 'secret')
    }
  }
})

t.test('what a server says of itself is said in terms of Ralph', async (t) => {
  const said = (code: number, message = 'said') => translateError(new MongoServerError({ message, code }))
  t.match(said(189), unavailable, 'the primary has stepped down')
  t.match(said(50), unavailable, 'it took too long')
  t.match(said(13), { ...unavailable, message: /refuses the user/ })
  const refused = said(18)
  t.match(refused, { code: 'STORE_UNAVAILABLE', message: /refuses the user/ })
  t.notOk('retryAfter' in Object(refused).details, 'it will be so until a setting is changed')
  t.match(said(14_031), { code: 'STORE_FULL' })
  t.match(said(8, 'write failed: No space left on device'), { code: 'STORE_FULL' })
  t.match(said(10_334), { code: 'BODY_TOO_LARGE' })
  const defect = new MongoServerError({ message: 'unknown operator', code: 2 })
  t.equal(translateError(defect), defect, 'a defect of ours is none of the store')
})

const engine = await engineFor('mongo')
if ('missing' in engine) t.test('kills of a server on MongoDB', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { options } = await aDatabase(t, engine.url)
  useMongo(engine.url, options.database)
  killContract(t, 'mongo', Number(process.env.RALPH_TEST_KILLS ?? 5))
  followKilledContract(t, 'mongo')
}
