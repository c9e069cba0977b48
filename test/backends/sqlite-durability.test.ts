import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import type { Clock } from '../../src/contracts/clock.ts'
import { followKilledContract } from '../contracts/follow-killed.ts'
import { killContract } from '../contracts/kill.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { allPages } from '../support/judged-store.ts'
import { asQuery } from '../support/oracle.ts'
import { serveStore } from '../support/served-store.ts'
import { aBatch, anActivity, anId, aStatement, aVerb, aVoiding, refTo, withMbox } from '../support/statements.ts'

const openIn = (t: Test, directory: string, maxInMemory: number, clock: Clock = aClock().now) => {
  const backend = openSqlite({ directory, maxInMemory }, contextOf(t, clock, directory))
  t.teardown(() => backend.close())
  return backend
}

killContract(t, 'sqlite')
followKilledContract(t, 'sqlite')

t.test('after a crash everything is found as before, whether it was indexed in memory or in tables', async (t) => {
  const root = t.testdir()
  for (const maxInMemory of [0, 5, 1000]) {
    const directory = join(root, String(maxInMemory))
    const backend = openIn(t, join(directory, 'live'), maxInMemory)
    const store = await backend.store()
    const target = anId()
    const voided = aStatement({ actor: withMbox('voided') })
    for (let batch = 0; batch < 4; batch += 1) {
      await store.statements.insert(
        aBatch(
          aStatement({ actor: withMbox('ann'), verb: aVerb(`verb-${batch}`) }),
          aStatement({ object: refTo(target) }),
          ...(batch === 1 ? [voided] : []),
          ...(batch === 2 ? [aVoiding(voided)] : []),
          ...(batch === 3 ? [aStatement({ id: target, actor: withMbox('target') })] : [])
        )
      )
    }
    // What a crash leaves: the files as they are, nothing closed.
    await cp(join(directory, 'live'), join(directory, 'crashed'), { recursive: true })
    const again = await openIn(t, join(directory, 'crashed'), maxInMemory).store()

    const questions = [
      {},
      { agent: withMbox('ann') },
      { agent: withMbox('target') },
      { agent: withMbox('voided') },
      { verb: aVerb('verb-2').id },
      { activity: anActivity('something').id },
      { agent: { account: { homePage: 'https://school.example.org', name: 'lms' } }, relatedAgents: true },
      { authority: { account: { homePage: 'https://school.example.org', name: 'lms' } } }
    ]
    for (const question of questions) {
      const before = await allPages(store, question)
      t.same(await allPages(again, question), before, `${JSON.stringify(question)}: ${before.length}`)
    }
    t.equal((await allPages(again, { agent: withMbox('target') })).length, 5)
    t.ok(await again.statements.find(voided.id, { voided: true }))

    // Terms that are new now must not be taken for those that were new before the crash.
    await again.statements.insert(aBatch(aStatement({ actor: withMbox('new'), verb: aVerb('new') })))
    t.equal((await allPages(again, { agent: withMbox('new') })).length, 1)
    t.equal((await allPages(again, { agent: withMbox('target') })).length, 5)
    t.equal((await allPages(again, { verb: aVerb('verb-3').id })).length, 1)
    await t.rejects(again.statements.insert(aBatch(aStatement({ id: target, actor: withMbox('other') }))), {
      code: 'STATEMENT_CONFLICT'
    })
  }
})

t.test('what consistentThrough promised holds after a restart with the clock set back', async (t) => {
  const directory = t.testdir()
  const clock = aClock()
  const backend = openIn(t, directory, 1000, clock.now)
  const promised = await (await backend.store()).statements.consistentThrough()
  await backend.close()
  clock.shift(-3_600_000_000)
  const store = await openIn(t, directory, 1000, clock.now).store()
  await store.statements.insert(aBatch(aStatement()))
  const [first] = await allPages(store, {})
  t.ok(first && first.stored > promised)
})

t.test('a second process is refused, with the name of the file, until the first one ends', async (t) => {
  const directory = t.testdir()
  const served = await serveStore(t, 'sqlite', directory)
  const backend = openIn(t, directory, 1000)
  const message = new RegExp(join(directory, 'ralph.db'))
  await t.rejects(backend.store(), { name: 'RalphError', code: 'STORE_IN_USE', message })
  t.match(await served.tell({ insert: 2 }), { ids: [String, String] }, 'the first one is not disturbed')
  await served.end()
  const store = await backend.store()
  t.equal((await allPages(store, {})).length, 2)
})

t.test('other programs can read and back up the database while the server writes', async (t) => {
  const directory = t.testdir()
  const store = await openIn(t, directory, 1000).store()
  await store.statements.insert(aBatch(aStatement(), aStatement()))
  const reader = new DatabaseSync(join(directory, 'ralph.db'), { readOnly: true })
  t.teardown(() => reader.close())
  const count = (): unknown => reader.prepare('SELECT count(*) AS count FROM statement').get()?.count
  reader.exec('BEGIN')
  t.equal(count(), 2)
  await store.statements.insert(aBatch(aStatement()))
  t.equal(count(), 2, 'a reader keeps what it began with')
  reader.exec('COMMIT')
  t.equal(count(), 3)

  await mkdir(join(directory, 'copy'))
  await backup(reader, join(directory, 'copy', 'ralph.db'))
  const copy = await openIn(t, join(directory, 'copy'), 1000).store()
  t.same(await allPages(copy, {}), await allPages(store, {}))
})

t.test('a refused batch leaves no trace in what is remembered of terms, definitions and names', async (t) => {
  const store = await openIn(t, t.testdir(), 1000).store()
  const taken = aStatement()
  await store.statements.insert(aBatch(taken))
  const parts = {
    actor: { ...withMbox('new'), name: 'New' },
    verb: { ...aVerb('new'), display: { en: 'did anew' } },
    object: anActivity('new', { name: { en: 'New' } })
  }
  const refused = aBatch(aStatement(parts), { ...taken, actor: withMbox('other') })
  await t.rejects(store.statements.insert(refused), { code: 'STATEMENT_CONFLICT' })
  t.same(await store.statements.agentNames('mailto:new@example.org'), [])
  await store.statements.insert(aBatch(aStatement(parts)))
  t.equal((await allPages(store, { agent: withMbox('new'), verb: parts.verb.id })).length, 1)
  t.equal((await store.statements.query(asQuery({ activity: parts.object.id }))).statements.length, 1)
  t.same(await store.statements.agentNames('mailto:new@example.org'), ['New'])
  const { definitions, displays } = await store.statements.describe({
    activities: [parts.object.id],
    verbs: [parts.verb.id]
  })
  t.same(definitions.get(parts.object.id), { name: { en: 'New' } })
  t.same(displays.get(parts.verb.id), { en: 'did anew' })
})
