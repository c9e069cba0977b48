import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openEs } from '../../src/backends/es/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { followKilledContract } from '../contracts/follow-killed.ts'
import { killContract } from '../contracts/kill.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { quickLease } from '../contracts/write-batches.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { ask, server, servers, someIndices } from '../support/es.ts'
import { holdProcess } from '../support/hold-process.ts'
import { allPages } from '../support/judged-store.ts'
import { useEs } from '../support/openers.ts'
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
  const own = await ownEngine(t, 'es')
  if ('missing' in own) {
    t.comment(own.missing)
    return
  }
  const options = someIndices(t, own.url)
  const opened = servers(t, { ...options, lease: quickLease }, 0, 0)
  const stores = await Promise.all(opened.map((each) => each.store()))
  const writers = load(t, stores)
  await writers.moreAcknowledged()
  await own.kill()
  await writers.moreFailures()
  for (const each of opened) t.match(await each.status(), { state: 'away', detail: /Elasticsearch/ })
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
  const own = await ownEngine(t, 'es', { durable: false })
  if ('missing' in own) {
    t.comment(own.missing)
    return
  }
  const indices = { ...someIndices(t, own.url), lease: quickLease }
  // A node that has just started makes its first index slowly: that is not the silence which is meant here.
  const first = server(t, indices)
  const before = aStatement()
  await (await first.store()).statements.insert(aBatch(before))
  await first.close()
  const backend = server(t, { ...indices, timeout: 2000 })
  const store = await backend.store()
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
  t.same(there, [before.id, after.id], 'what was not acknowledged was taken back')
  t.same(await backend.status(), { state: 'ok' })
})

t.test('an index that was made read-only is full, and takes statements again when it is not', async (t) => {
  const own = await ownEngine(t, 'es', { durable: false })
  if ('missing' in own) {
    t.comment(own.missing)
    return
  }
  const options = { ...someIndices(t, own.url), lease: quickLease }
  const store = await server(t, options).store()
  await store.statements.insert(aBatch(aStatement()))
  // What Elasticsearch does by itself when a disk is nearly full.
  const block = (index: string, value: boolean | null) =>
    ask(own.url, 'PUT', `${index}/_settings`, { 'index.blocks.read_only_allow_delete': value })
  for (const index of [options.index, `${options.index}~~relations`, `${options.index}~~kept`]) {
    await block(index, true)
    await t.rejects(store.statements.insert(aBatch(aStatement())), { name: 'RalphError', code: 'STORE_FULL' }, index)
    t.equal((await allPages(store, {})).length, 1, 'and it is still read')
    await block(index, null)
  }
  await store.statements.insert(aBatch(aStatement()))
  t.equal((await allPages(store, {})).length, 2)
})

t.test('a server that is not there is unavailable, and served once it is', async (t) => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  listener.close()
  const hosts = [`http://user:secret@127.0.0.1:${port}`]
  const backend = openEs({ hosts, index: 'statements' }, contextOf(t, aClock().now, ''))
  t.teardown(() => backend.close())
  const opening = backend.store()
  await t.rejects(opening, { ...unavailable, message: `127.0.0.1:${port}` })
  const said = await opening.catch((error: unknown) => String(error))
  t.notMatch(said, 'secret')
  t.match(await backend.status(), { state: 'away', detail: `127.0.0.1:${port}` })
})

/** What answers as Elasticsearch does, as far as a test wants it to. */
const impostor = async (
  t: Test,
  answers: Readonly<Record<string, readonly [status: number, body: unknown]>>
): Promise<string> => {
  const listener: Server = createServer((request, response) => {
    const [status, body] = answers[`${request.method} ${request.url?.split('?')[0]}`] ?? [404, {}]
    response.writeHead(status, { 'X-elastic-product': 'Elasticsearch', 'Content-Type': 'application/json' })
    response.end(JSON.stringify(body))
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.teardown(() => {
    listener.closeAllConnections()
    listener.close()
  })
  const address = listener.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

const current = { version: { number: '8.19.21' } }

t.test('a server that is too old is refused with its version', async (t) => {
  const url = await impostor(t, { 'GET /': [200, { version: { number: '8.0.1' } }] })
  const backend = openEs({ hosts: [url], index: 'statements' }, contextOf(t, aClock().now, ''))
  t.teardown(() => backend.close())
  await t.rejects(backend.store(), { code: 'INVALID_SETTING', message: /version 8\.0\.1; Ralph needs 8\.1 or later/ })
})

t.test('who may not make an index is told which, and how to make it', async (t) => {
  const mapped = (name: string) => ({ [name]: { mappings: { _meta: { ralph: { layout: 1 } } } } })
  const forbidden = { error: { type: 'security_exception', reason: 'action is unauthorized' } }
  const url = await impostor(t, {
    'GET /': [200, current],
    'GET /statements~~relations/_mapping': [200, mapped('statements~~relations')],
    'GET /statements~~kept/_mapping': [200, mapped('statements~~kept')],
    'POST /_mget': [200, { docs: [{ _index: 'statements~~kept', _id: 'lease', found: false }] }],
    'POST /statements~~relations/_refresh': [200, {}],
    'POST /statements~~relations/_search': [
      200,
      { aggregations: { round: { value: null }, changedAt: { value: null } } }
    ],
    'GET /_cluster/health/statements~~relations': [200, {}],
    'GET /_cluster/health/statements~~kept': [403, forbidden],
    'PUT /statements': [403, forbidden]
  })
  const backend = openEs({ hosts: [url], index: 'statements' }, contextOf(t, aClock().now, ''))
  t.teardown(() => backend.close())
  await t.rejects(backend.store(), {
    code: 'INVALID_SETTING',
    message: new RegExp(
      `no index statements, .*action is unauthorized.*: create it with curl -X PUT ${url}/statements$`
    )
  })
})

t.test('a status that is not green is an error that names what allows it', async (t) => {
  const url = await impostor(t, { 'GET /_cluster/health': [200, { status: 'yellow' }] })
  const status = async (allowYellowStatus: boolean) => {
    const backend = openEs({ hosts: [url], index: 'statements', allowYellowStatus }, contextOf(t, aClock().now, ''))
    t.teardown(() => backend.close())
    return backend.status()
  }
  t.match(await status(false), { state: 'error', detail: /yellow; RALPH_BACKENDS__LRS__ES__ALLOW_YELLOW_STATUS=true/ })
  t.same(await status(true), { state: 'ok' })
})

const engine = await engineFor('es')
if ('missing' in engine) t.test('kills of a server on Elasticsearch', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { index, targetPrefix } = someIndices(t, engine.url)
  useEs(engine.url, index, targetPrefix)
  killContract(t, 'es', Number(process.env.RALPH_TEST_KILLS ?? 4))
  followKilledContract(t, 'es')
}
