import t, { type Test } from 'tap'
import { type ClickhouseOptions, openClickhouse } from '../../src/backends/clickhouse/lrs.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { followKilledContract } from '../contracts/follow-killed.ts'
import { killContract } from '../contracts/kill.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aDatabase, askClickhouse } from '../support/clickhouse.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { allPages } from '../support/judged-store.ts'
import { useClickhouse } from '../support/openers.ts'
import { aBatch, aStatement } from '../support/statements.ts'

const engine = await engineFor('clickhouse')

/** A writer is given up so soon that a test can wait for it. */
const impatient = { beat: 50, timeToLive: 400 }

const open = async (t: Test, options: ClickhouseOptions, warnings: string[] = []): Promise<LrsBackend> => {
  const backend = await openClickhouse(options, {
    ...contextOf(t, aClock().now, ''),
    warn: (message) => warnings.push(message)
  })
  t.teardown(() => backend.close())
  return backend
}

/** Says of all writers of a database that they are dead, as who takes over does. */
const bury = async (url: string, database: string): Promise<void> => {
  const writers = `${database}.\`lrs$writer\``
  await askClickhouse(
    url,
    `INSERT INTO ${writers} SELECT writer, any(name), any(machine), any(pid), max(beat), 2, max(through), 0
     FROM ${writers} WHERE ended = 0 GROUP BY writer`
  )
}

if ('missing' in engine) t.test('the writer of a ClickHouse database', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

  t.test('a second server is refused while one lives, and is told what to do', async (t) => {
    const options = { ...(await aDatabase(t, url)), writer: impatient }
    const first = await open(t, options)
    await (await first.store()).statements.insert(aBatch(aStatement()))
    await t.rejects(open(t, options), {
      code: 'STORE_IN_USE',
      message: /Stop the other one.+RALPH_BACKENDS__LRS__CLICKHOUSE__DATABASE/,
      details: { pid: process.pid, database: options.database }
    })
    await (await first.store()).statements.insert(aBatch(aStatement()))
    t.same(await first.status(), { state: 'ok' })
    await first.close()
    const warnings: string[] = []
    const second = await open(t, options, warnings)
    t.same(warnings, [], 'who ended well is not waited for')
    t.equal((await allPages(await second.store(), {})).length, 2)
  })

  t.test('of servers that start at once at most one serves', async (t) => {
    // Nobody is so slow at starting that others take it for dead.
    const options = { ...(await aDatabase(t, url)), writer: { beat: 50, timeToLive: 10_000 } }
    for (let round = 0; round < 3; round += 1) {
      const settled = await Promise.allSettled([1, 2, 3, 4].map(() => open(t, options)))
      const won = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      t.ok(won.length <= 1, `${won.length} of 4`)
      for (const each of settled) if (each.status === 'rejected') t.match(each.reason, { code: 'STORE_IN_USE' })
      for (const each of won) await each.close()
    }
    const last = await open(t, options)
    t.same(await last.status(), { state: 'ok' }, 'and none of them is in the way afterwards')
  })

  t.test('one that died on another machine is waited for, and then followed', async (t) => {
    const options = { ...(await aDatabase(t, url)), writer: impatient }
    await (await open(t, options)).close()
    const writers = `${options.database}.\`lrs$writer\``
    const through = Date.now() * 1000 + 3_600_000_000
    await askClickhouse(url, `INSERT INTO ${writers} VALUES ('ralph-dead~1', 'elsewhere', 'm', 7, 9, 0, ${through}, 0)`)
    const warnings: string[] = []
    const start = performance.now()
    const second = await open(t, options, warnings)
    t.ok(performance.now() - start >= impatient.timeToLive, 'not before its time is over')
    t.match(warnings, [/process 7 on elsewhere/])
    const store = await second.store()
    await store.statements.insert(aBatch(aStatement()))
    const [statement] = await allPages(store, {})
    t.ok(statement && statement.stored > through, 'what it may have promised is kept')
  })

  t.test('one that was taken for dead writes no more', async (t) => {
    const options = { ...(await aDatabase(t, url)), writer: impatient }
    const first = await open(t, options)
    const store = await first.store()
    await store.statements.insert(aBatch(aStatement()))
    await bury(url, options.database)
    const refused = async (): Promise<unknown> => {
      for (;;) {
        try {
          await store.statements.insert(aBatch(aStatement()))
        } catch (error) {
          return error
        }
      }
    }
    t.match(await refused(), { code: 'STORE_IN_USE' })
    t.match(await first.status(), { state: 'error', detail: /taken over/ })
    const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'one' } as const
    await t.rejects(
      store.documents.change(key, () => ({ content: Buffer.from('x'), contentType: 'a/b' })),
      { code: 'STORE_IN_USE' }
    )
  })

  t.test('what one that was taken for dead had sent, and comes late, is refused by the engine', async (t) => {
    const options = await aDatabase(t, url)
    // It gives a sign of life once a minute, and believes for long that it may write.
    const first = await open(t, { ...options, writer: { beat: 60_000, timeToLive: 600_000 } })
    const store = await first.store()
    await store.statements.insert(aBatch(aStatement()))
    const second = await open(t, { ...options, writer: impatient })
    const late = aStatement()
    await t.rejects(store.statements.insert(aBatch(late)), { code: 'STORE_IN_USE' })
    t.match(await first.status(), { state: 'error', detail: /taken over/ })
    await t.rejects(store.statements.insert(aBatch(aStatement())), { code: 'STORE_IN_USE' })
    const next = await second.store()
    await next.statements.insert(aBatch(aStatement()))
    t.equal((await allPages(next, {})).length, 2)
    t.equal(await next.statements.find(late.id, { voided: false }), undefined)
    const entries = `${options.database}.\`lrs$entry\``
    const found = await askClickhouse(url, `SELECT uniq(stored, id) FROM ${entries}`)
    t.equal(found, '2', 'nothing of it arrived')
    await first.close()
    await second.close()
    await (await open(t, options)).store()
  })

  const { database } = await aDatabase(t, url)
  useClickhouse(url, database)
  killContract(t, 'clickhouse', Number(process.env.RALPH_TEST_KILLS ?? 5))
  followKilledContract(t, 'clickhouse')
}
