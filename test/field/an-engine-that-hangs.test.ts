import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openClickhouse } from '../../src/backends/clickhouse/lrs.ts'
import { openEs } from '../../src/backends/es/lrs.ts'
import { type Connection, createConnection } from '../../src/backends/mongo/connect.ts'
import { openMongo } from '../../src/backends/mongo/lrs.ts'
import { collectionsOf } from '../../src/backends/mongo/names.ts'
import { prepareCollections } from '../../src/backends/mongo/schema.ts'
import { openPostgres } from '../../src/backends/postgres/lrs.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { defaultTimeout } from '../../src/network/time-limit.ts'
import { contextOf } from '../contracts/open-backend.ts'
import * as clickhouse from '../support/clickhouse.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import * as es from '../support/es.ts'
import { allPages } from '../support/judged-store.ts'
import * as mongo from '../support/mongo.ts'
import * as postgres from '../support/postgres.ts'
import { ralph } from '../support/ralph-process.ts'
import { aBatch, aStatement } from '../support/statements.ts'
import { aSwallowingWire } from '../support/swallowing-wire.ts'

const names = ['es', 'mongo', 'clickhouse', 'postgres'] as const
type Name = (typeof names)[number]

/** Milliseconds; short, so that a test need not wait as long as servers do. */
const timeout = 3000
/** What an event loop takes more that shares the machine with other tests. */
const slack = 1500

/** How each is opened by a wire instead of its own address, and what a command is told of it. */
const openers: Readonly<
  Record<
    Name,
    (t: Test, url: string, port: number) => Promise<{ backend: LrsBackend; env: Readonly<Record<string, string>> }>
  >
> = {
  es: async (t, url, port) => {
    const hosts = [`http://127.0.0.1:${port}`]
    const backend = openEs({ ...es.someIndices(t, url), hosts, timeout }, contextOf(t, aClock().now, ''))
    return { backend, env: { HOSTS: hosts.join(',') } }
  },
  mongo: async (t, url, port) => {
    const { options } = await mongo.aDatabase(t, url)
    const own = new URL(url)
    own.port = String(port)
    const backend = openMongo({ ...options, connectionUri: own.href, timeout }, contextOf(t, aClock().now, ''))
    return { backend, env: { CONNECTION_URI: own.href } }
  },
  clickhouse: async (t, url, port) => {
    const own = { ...(await clickhouse.aDatabase(t, url)), host: '127.0.0.1', port, timeout }
    const backend = await openClickhouse(own, contextOf(t, aClock().now, ''))
    return { backend, env: { HOST: '127.0.0.1', PORT: String(port), DATABASE: own.database } }
  },
  postgres: async (t, url, port) => {
    const schema = postgres.aSchema(t, url)
    const own = new URL(url)
    own.hostname = '127.0.0.1'
    own.port = String(port)
    const options = { connectionUri: own.href, schema, timeout }
    const backend = await openPostgres(options, contextOf(t, aClock().now, t.testdirName))
    return { backend, env: { CONNECTION_URI: own.href, DEFAULT_SCHEMA: schema } }
  }
}

const refusedAfter = async (work: () => Promise<unknown>): Promise<{ waited: number; error: unknown }> => {
  const start = performance.now()
  try {
    await work()
    return { waited: performance.now() - start, error: undefined }
  } catch (error) {
    return { waited: performance.now() - start, error }
  }
}

/** On a machine that is busy with other tests an engine may need longer to make its tables. */
const patiently = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === 10) throw error
      await setTimeout(500)
    }
  }
}

t.equal(defaultTimeout, 10_000, 'of every engine (decision 33)')

const engines = new Map(await Promise.all(names.map(async (name) => [name, await engineFor(name)] as const)))

for (const name of names) {
  const engine = engines.get(name)
  if (engine === undefined || 'missing' in engine) {
    t.test(`${name} that hangs`, { skip: engine?.missing ?? true }, async () => {})
    continue
  }
  t.teardown(() => engine.stop())

  t.test(`${name} that hangs: every request is given up within TIMEOUT, and served once it answers`, async (t) => {
    const wire = await aSwallowingWire(t, engine.url)
    const { backend } = await openers[name](t, engine.url, wire.port)
    t.teardown(() => backend.close())
    const store = await patiently(() => backend.store())
    const first = aStatement()
    await patiently(() => store.statements.insert(aBatch(first)))
    wire.swallow(true)
    const document = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'profile' } as const
    const later = (milliseconds: number, work: () => Promise<unknown>) =>
      setTimeout(milliseconds).then(() => refusedAfter(work))
    const refused = await Promise.all([
      later(0, () => store.statements.insert(aBatch(aStatement()))),
      // They come while the first one waits.
      later(timeout / 3, () => store.statements.insert(aBatch(aStatement()))),
      later(timeout / 2, () => store.statements.insert(aBatch(aStatement()))),
      later(0, () => allPages(store, {})),
      later(0, () => store.statements.find(first.id, { voided: false })),
      later(0, () => store.documents.get(document)),
      later(0, () => store.documents.change(document, () => ({ content: Buffer.from('x'), contentType: 'x/y' })))
    ])
    for (const [at, { waited, error }] of refused.entries()) {
      t.match(error, { name: 'RalphError', code: 'STORE_UNAVAILABLE', details: { retryAfter: 1 } }, `request ${at}`)
      t.ok(waited < timeout + slack, `request ${at}: ${Math.round(waited)} ms`)
    }
    t.not((await backend.status()).state, 'ok')
    wire.swallow(false)
    let served = false
    for (let tries = 0; tries < 60 && !served; tries += 1) {
      served = (await refusedAfter(() => store.statements.insert(aBatch(aStatement())))).error === undefined
      if (!served) await setTimeout(100)
    }
    t.ok(served, 'it is served again')
    t.ok((await allPages(store, {})).some(({ id }) => id === first.id))
  })

  t.test(`${name} that hangs: a command ends within TIMEOUT, and names that setting`, async (t) => {
    const wire = await aSwallowingWire(t, engine.url)
    const { backend, env } = await openers[name](t, engine.url, wire.port)
    await backend.close()
    wire.swallow(true)
    const variables = Object.fromEntries(
      Object.entries({ ...env, TIMEOUT: '1000' }).map(([key, value]) => [
        `RALPH_BACKENDS__DATA__${name.toUpperCase()}__${key}`,
        value
      ])
    )
    const usual = await refusedAfter(() => ralph(t, ['--version']))
    for (const command of ['list', 'read', 'write']) {
      const input = `${JSON.stringify(aStatement())}\n`
      const { waited } = await refusedAfter(async () => {
        const { code, stderr } = await ralph(t, [command, '-b', name], { env: variables, input })
        t.not(code, 0, command)
        t.match(stderr, /TIMEOUT|unreachable/, command)
      })
      // A command may ask a few times, and loads a driver: what matters is that it does not wait for ever.
      t.ok(
        waited < 6 * 1000 + 4 * usual.waited,
        `${command}: ${Math.round(waited)} ms, start ${Math.round(usual.waited)} ms`
      )
    }
  })
}

/** Its calls are answered, and then, in the middle of them, no longer. */
const hangHalfWay = async (t: Test, name: Name, url: string): Promise<void> => {
  const wire = await aSwallowingWire(t, url)
  const { backend } = await openers[name](t, url, wire.port)
  const store = await patiently(() => backend.store())
  await patiently(() => store.statements.insert(aBatch(aStatement())))
  const document = { kind: 'agent-profile', agent: 'mailto:bob@example.org', id: 'profile' } as const
  const acknowledged: string[] = []
  let hung = Number.POSITIVE_INFINITY
  const ends: { readonly call: string; readonly waited: number; readonly error: unknown }[] = []
  /** Again and again, until it fails because of the hanging engine. */
  const goOn = async (call: string, work: () => Promise<unknown>): Promise<void> => {
    for (;;) {
      const start = performance.now()
      const { error } = await refusedAfter(work)
      const isLate = start > hung || error !== undefined
      if (isLate) {
        ends.push({ call, waited: performance.now() - Math.max(start, hung), error })
        return
      }
    }
  }
  const write = async (): Promise<void> => {
    const statement = aStatement()
    await store.statements.insert(aBatch(statement))
    acknowledged.push(statement.id)
  }
  const calls = [
    goOn('insert', write),
    goOn('insert', write),
    goOn('page', () => store.statements.query({ limit: 10, ascending: false })),
    goOn('change', () =>
      store.documents.change(document, () => ({ content: Buffer.from(randomUUID()), contentType: 'x/y' }))
    ),
    goOn('get', () => store.documents.get(document))
  ]
  await setTimeout(300)
  wire.swallowAnswers(true)
  hung = performance.now()
  await Promise.all(calls)
  for (const { call, waited, error } of ends) {
    t.match(error, { name: 'RalphError', code: 'STORE_UNAVAILABLE' }, `${name}: ${call}`)
    t.ok(waited < timeout + slack, `${name}: ${call}: ${Math.round(waited)} ms`)
  }
  wire.swallowAnswers(false)
  await patiently(write)
  const there = new Set((await patiently(() => allPages(store, {}))).map(({ id }) => id))
  t.strictSame(
    acknowledged.filter((id) => !there.has(id)),
    [],
    `${name}: what was acknowledged is there`
  )
  await backend.close()
}

t.test(
  'engines that hang in the middle of their work: each call ends within TIMEOUT of the latest answer',
  async (t) => {
    const hanging = [...engines].map(async ([name, engine]) => {
      if ('missing' in engine) t.comment(`${name}: ${engine.missing}`)
      else await hangHalfWay(t, name, engine.url)
    })
    await Promise.all(hanging)
  }
)

const mongoEngine = engines.get('mongo')
if (mongoEngine !== undefined && 'url' in mongoEngine) {
  t.test('mongo that hangs while it makes the indexes of a target: that is given up within TIMEOUT', async (t) => {
    const wire = await aSwallowingWire(t, mongoEngine.url)
    const { options } = await mongo.aDatabase(t, mongoEngine.url)
    const own = new URL(mongoEngine.url)
    own.port = String(wire.port)
    const uri = `${own.href}?heartbeatFrequencyMS=3000&connectTimeoutMS=900&serverSelectionTimeoutMS=300`
    const connection = createConnection(uri, options.database, 1000)
    t.teardown(() => connection.close())
    const hangsThen: Connection = {
      ...connection,
      patiently: (work) =>
        connection.patiently((db) => {
          wire.swallowAnswers(true)
          return work(db)
        })
    }
    const names = collectionsOf(mongo.collection, undefined)
    const { waited, error } = await refusedAfter(() => prepareCollections(hangsThen, names))
    t.match(error, { name: 'RalphError', code: 'STORE_UNAVAILABLE', details: { retryAfter: 1 } })
    // A ping may have been answered just before.
    t.ok(waited < 1500 + slack, `${Math.round(waited)} ms`)
    // All connections break now. Without watch-heartbeats.ts the driver often never asks for that server again.
    wire.swallowAnswers(false)
    await patiently(() => prepareCollections(connection, names))
  })
}
