import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type ClickhouseOptions, openClickhouse } from '../../src/backends/clickhouse/lrs.ts'
import type { LrsBackend, LrsStore } from '../../src/contracts/lrs-backend.ts'
import { RalphError } from '../../src/errors.ts'
import { readAll } from '../contracts/attachment-store.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aDatabase, askClickhouse, aWire, type Fate } from '../support/clickhouse.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { allPages, findAny, judged } from '../support/judged-store.ts'
import {
  aBatch,
  anActivity,
  anAttachment,
  anId,
  aStatement,
  aVerb,
  aVoiding,
  refTo,
  withMbox
} from '../support/statements.ts'

const unavailable = { name: 'RalphError', code: 'STORE_UNAVAILABLE' }
const ann = withMbox('ann')
/** A writer is given up so soon that a test can wait for it. */
const impatient = { beat: 50, timeToLive: 400 }

const server = async (t: Test, options: ClickhouseOptions): Promise<LrsBackend> => {
  const backend = await openClickhouse(options, contextOf(t, aClock().now, ''))
  t.teardown(() => backend.close())
  return backend
}

/** Signs of life that were under way when a server died may still arrive. */
const successor = async (t: Test, options: ClickhouseOptions): Promise<LrsBackend> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await server(t, options)
    } catch (error) {
      if (!(error instanceof RalphError) || error.code !== 'STORE_IN_USE' || attempt === 10) throw error
    }
  }
}

const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  const limit = Date.now() + 30_000
  while (!(await isSo())) {
    if (Date.now() > limit) throw new Error('it did not happen in 30 seconds')
    await wait(20)
  }
}

const counted = async (url: string, table: string, what = 'count()'): Promise<number> =>
  Number(await askClickhouse(url, `SELECT ${what} FROM ${table}`))

/** Every statement that was acknowledged is there, once, and the walk in pages shows all of them. */
const requireAll = async (t: Test, store: LrsStore, acknowledged: readonly string[]): Promise<void> => {
  const walked = (await allPages(store, { ascending: true, limit: 37 })).map(({ id }) => id)
  t.equal(new Set(walked).size, walked.length, 'none twice')
  const there = new Set(walked)
  t.same(
    acknowledged.filter((id) => !there.has(id)),
    [],
    `all ${acknowledged.length} acknowledged ones are there`
  )
}

/** What a round writes, by the tables that it is written to. */
const inserts = ['entry', 'statement', 'xapi_events_all', 'description', 'change', 'attachment']
const isInto = (sql: string, table: string): boolean =>
  sql.startsWith('INSERT INTO') && sql.includes(table === 'xapi_events_all' ? table : `lrs$${table}`)

const engine = await engineFor('clickhouse')

if ('missing' in engine) t.test('faults of clickhouse', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

  /** A batch of all that there is: it is referred to, refers, voids, is voided, describes, and has an attachment. */
  const everything = (late: string, unwanted: string, waiting: string) => {
    const named = { ...ann, name: 'Ann' }
    return {
      statements: [
        aStatement({
          id: late,
          actor: named,
          verb: aVerb('late'),
          object: anActivity('late', { name: { en: 'Late' } })
        }),
        aStatement({ id: waiting, actor: named }),
        aVoiding(unwanted),
        aStatement({ object: refTo(unwanted) })
      ],
      attachment: anAttachment(Buffer.from(`attachment of ${late}`))
    }
  }

  for (const table of inserts) {
    for (const fate of ['is lost', 'is not answered'] satisfies Fate[]) {
      for (const then of ['goes on', 'stops', 'dies']) {
        t.test(`an insert into ${table} that ${fate}, by a server that ${then}`, async (t) => {
          const options = { ...(await aDatabase(t, url)), writer: impatient }
          const wire = await aWire(t, url)
          const backend = await server(t, { ...options, ...wire.options })
          const first = await backend.store()
          const [late, unwanted, waiting] = [anId(), anId(), anId()]
          const subject = judged(first)
          await subject.insert(
            aStatement({ id: unwanted, verb: aVerb('unwanted') }),
            aStatement({ object: refTo(late) }),
            aVoiding(waiting)
          )
          await subject.insert(aStatement())
          const before = await allPages(first, { ascending: true })

          const { statements, attachment } = everything(late, unwanted, waiting)
          const batch = { ...aBatch(...statements), attachments: [attachment] }
          wire.fate = (sql) => (isInto(sql, table) ? fate : 'passes')
          // What is only copied is stored nevertheless.
          const isCopy = table === 'xapi_events_all'
          if (isCopy) await first.statements.insert(batch)
          else {
            await t.rejects(first.statements.insert(batch), unavailable)
            t.same(await allPages(first, { ascending: true }), before, 'nothing of it is seen')
            t.ok(await first.statements.find(unwanted, { voided: false }))
            t.same(await allPages(first, { verb: aVerb('late').id }), [])
            const seen = await first.statements.describe({ activities: [anActivity('late').id], verbs: [] })
            t.equal(seen.definitions.size, 0, 'nothing of its descriptions is seen')
            t.same(await first.statements.agentNames('mailto:ann@example.org'), [])
          }

          // The next server finds what this one left; this one finds it by itself.
          wire.fate = then === 'dies' ? () => 'is lost' : () => 'passes'
          if (then === 'stops') await backend.close()
          const second = then === 'goes on' ? first : await (await successor(t, options)).store()
          const there = await Promise.all(statements.map(({ id }) => findAny(second, id)))
          const kept = there.filter((each) => each !== undefined).length
          const mayBeThere = isCopy || then !== 'goes on'
          t.ok((kept === 0 && !isCopy) || (mayBeThere && kept === statements.length), `${kept} are there`)
          const report = await second.statements.insert(batch)
          t.equal(report.inserted.length + report.already.length, statements.length, 'it can be sent again')

          const all = await allPages(second, { ascending: true })
          t.equal(all.length, before.length + statements.length - 2, 'two are voided')
          t.equal(new Set(all.map(({ id }) => id)).size, all.length)
          t.ok(await second.statements.find(unwanted, { voided: true }))
          t.ok(await second.statements.find(waiting, { voided: true }))
          t.equal(
            (await allPages(second, { verb: aVerb('late').id, limit: 1 })).length,
            2,
            'the referrer has inherited'
          )
          t.equal((await allPages(second, { verb: aVerb('unwanted').id, limit: 1 })).length, 2)
          t.equal((await readAll(second.attachments, [attachment.sha2])).length, 1)
          t.same(await second.statements.agentNames('mailto:ann@example.org'), ['Ann'])
          const { definitions } = await second.statements.describe({ activities: [anActivity('late').id], verbs: [] })
          t.ok(definitions.get(anActivity('late').id))
          const events = `${options.database}.xapi_events_all`
          t.equal(await counted(url, events), before.length + statements.length, 'the event table has all of them')
          t.equal(await counted(url, events, 'uniq(event_id)'), before.length + statements.length, 'each once')
          const entries = `${options.database}.\`lrs$entry\``
          t.equal(await counted(url, entries), await counted(url, entries, 'uniq(key, stored, id)'), 'no entry twice')
        })
      }
    }
  }

  t.test('a server that is away is said to be, and is found again', async (t) => {
    const options = await aDatabase(t, url)
    const wire = await aWire(t, url)
    const backend = await server(t, { ...options, ...wire.options })
    const store = await backend.store()
    const statement = aStatement()
    await store.statements.insert(aBatch(statement))
    wire.fate = () => 'is lost'
    t.match(await backend.status(), { state: 'away', detail: String })
    const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'one' } as const
    const document = { content: Buffer.from('{}'), contentType: 'application/json' }
    await t.rejects(store.statements.insert(aBatch(aStatement())), { ...unavailable, details: { retryAfter: 1 } })
    await t.rejects(store.statements.find(statement.id, { voided: false }), unavailable)
    await t.rejects(store.statements.query({ ascending: false, limit: 10 }), unavailable)
    await t.rejects(
      store.documents.change(key, () => document),
      unavailable
    )
    await t.rejects(store.documents.get(key), unavailable)
    await t.rejects(readAll(store.attachments, ['aa']), unavailable)
    await t.rejects(backend.store('another'), unavailable)
    wire.fate = () => 'passes'
    t.same(await backend.status(), { state: 'ok' })
    t.equal((await allPages(store, {})).length, 1)
    await store.statements.insert(aBatch(aStatement()))
    await store.documents.change(key, () => document)
    await (await backend.store('another')).statements.insert(aBatch(aStatement()))
    t.equal((await allPages(store, {})).length, 2)
  })

  t.test('nobody listens: the server cannot be started, and is told why', async (t) => {
    const options = { host: '127.0.0.1', port: 1, database: 'xapi', eventTableName: 'xapi_events_all' }
    await t.rejects(openClickhouse(options, contextOf(t, aClock().now, '')), {
      ...unavailable,
      message: /127\.0\.0\.1:1 is unreachable/
    })
  })

  t.test('a reader who hangs up is not waited for', async (t) => {
    const store = await (await server(t, await aDatabase(t, url))).store()
    await store.statements.insert(aBatch(aStatement()))
    const controller = new AbortController()
    const reason = new Error('the client hung up')
    const asking = store.statements.query({ ascending: false, limit: 10 }, { signal: controller.signal })
    controller.abort(reason)
    await t.rejects(asking, reason)
  })

  t.test('what concurrent requests bring is written in few inserts', async (t) => {
    const options = await aDatabase(t, url)
    const wire = await aWire(t, url)
    const store = await (await server(t, { ...options, ...wire.options })).store()
    await store.statements.insert(aBatch(aStatement()))
    wire.requests.length = 0
    await Promise.all(Array.from({ length: 100 }, () => store.statements.insert(aBatch(aStatement()))))
    const count = wire.requests.filter((sql) => isInto(sql, 'statement')).length
    t.ok(count <= 3, `${count} inserts of statements`)
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store.documents.change({ kind: 'agent-profile', agent: 'mailto:ann@example.org', id: String(index) }, () => ({
          content: Buffer.from('{}'),
          contentType: 'application/json'
        }))
      )
    )
    const documents = wire.requests.filter((sql) => isInto(sql, 'document')).length
    t.ok(documents <= 3, `${documents} inserts of documents`)
  })
}

t.test('an engine that is killed and started again during load', { timeout: 120_000 }, async (t) => {
  const own = await ownEngine(t, 'clickhouse')
  if ('missing' in own) return t.comment(own.missing)
  const options = await aDatabase(t, own.url)
  const store = await (await server(t, options)).store()
  const acknowledged: string[] = []
  let [writing, failures] = [true, 0]
  const registrations: string[] = []
  const write = async (): Promise<void> => {
    while (writing) {
      const registration = anId()
      const batch = [1, 2, 3].map(() => aStatement({ context: { registration } }))
      registrations.push(registration)
      try {
        acknowledged.push(...(await store.statements.insert(aBatch(...batch))).inserted)
      } catch (error) {
        if (!(error instanceof RalphError) || error.code !== unavailable.code) t.fail(String(error))
        failures += 1
        await wait(20)
      }
    }
  }
  const writers = Promise.all([write(), write(), write(), write()])
  for (let kill = 0; kill < 3; kill += 1) {
    const before = acknowledged.length
    await until(async () => acknowledged.length > before + 30)
    await own.kill()
    const failed = failures
    await until(async () => failures > failed)
    await own.restart()
  }
  const before = acknowledged.length
  await until(async () => acknowledged.length > before + 30)
  writing = false
  await writers
  await requireAll(t, store, acknowledged)
  for (const registration of registrations) {
    const { length } = await allPages(store, { registration })
    if (length !== 0 && length !== 3) t.fail(`${length} of a batch of 3 are there`)
  }
  const events = `${options.database}.xapi_events_all`
  const all = await allPages(store, {})
  t.equal(await counted(own.url, events), all.length, 'the event table has the same')
  t.equal(await counted(own.url, events, 'uniq(event_id)'), all.length)
})
