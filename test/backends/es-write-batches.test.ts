import t from 'tap'
import { openEs } from '../../src/backends/es/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ask, quickLease, type SomeIndices, server, someIndices } from '../support/es.ts'
import { allPages, findAny } from '../support/judged-store.ts'
import { aBatch, anActivity, aStatement, aVerb, aVoiding, refTo, withMbox } from '../support/statements.ts'

const [ann, ben] = [withMbox('ann'), withMbox('ben')]
const course = anActivity('course').id

interface Lease {
  readonly last: number
  readonly holder: string | null
}

const described = (name: string, parts: Partial<Statement> = {}) =>
  aStatement({ object: anActivity('course', { name: { [name]: name } }), actor: { ...ann, name }, ...parts })

/** What a reader can find out. */
const seen = async (store: LrsStore, ids: readonly string[]) => ({
  all: (await allPages(store, { ascending: true })).map(({ id }) => id),
  ofAnn: (await allPages(store, { agent: ann, ascending: true })).map(({ id }) => id),
  ofBen: (await allPages(store, { agent: ben, ascending: true })).map(({ id }) => id),
  voided: await Promise.all(ids.map(async (id) => (await store.statements.find(id, { voided: true })) !== undefined)),
  valid: await Promise.all(ids.map(async (id) => (await store.statements.find(id, { voided: false })) !== undefined)),
  course: (await store.statements.describe({ activities: [course], verbs: [] })).definitions.get(course),
  names: await store.statements.agentNames('mailto:ann@example.org')
})

const engine = await engineFor('es')

if ('missing' in engine) t.test('batches on Elasticsearch', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

  const leasePath = ({ index }: SomeIndices) => `${index}~~kept/_doc/lease`
  const leaseOf = async (options: SomeIndices): Promise<Lease> =>
    ((await ask(url, 'GET', leasePath(options))) as { _source: Lease })._source
  const setLease = async (options: SomeIndices, change: Partial<Lease>): Promise<void> => {
    await ask(url, 'PUT', leasePath(options), { ...(await leaseOf(options)), ...change })
  }
  /** As if whoever wrote all that is later had died just before it said so. */
  const dieBefore = (options: SomeIndices, last: number) => setLease(options, { last, holder: 'one that died' })

  const countIn = async (index: string): Promise<number> => {
    await ask(url, 'POST', `${index}/_refresh`)
    return ((await ask(url, 'GET', `${index}/_count`)) as { count: number }).count
  }
  /** All that is there of a round. */
  const counts = async ({ index }: SomeIndices) => ({
    texts: await countIn(index),
    relations: await countIn(`${index}~~relations`),
    kept: await countIn(`${index}~~kept`)
  })
  /** As Ralph does. */
  const writeAsRalph = async (index: string, sources: readonly object[]): Promise<void> => {
    const lines = sources.map((source) => {
      const id = 'id' in source ? { _id: source.id } : {}
      return `${JSON.stringify({ index: { _index: index, ...id } })}\n${JSON.stringify(source)}\n`
    })
    const { errors } = (await ask(url, 'POST', '_bulk', lines.join(''))) as { errors: boolean }
    if (errors) throw new Error('Ralph could not write')
  }

  t.test('nothing of a batch that was never committed is seen or left', async (t) => {
    const options = someIndices(t, url)
    const first = server(t, options)
    const store = await first.store()
    const late = described('late', { actor: ben })
    const [victim, waiting] = [described('one'), aStatement({ object: refTo(late) })]
    await store.statements.insert(aBatch(victim, waiting))
    const ids = [victim, waiting, late].map(({ id }) => id)
    const [{ last }, before, there] = [await leaseOf(options), await seen(store, ids), await counts(options)]
    const batch = aBatch(aVoiding(victim, { actor: ann }), late, described('two'))
    await store.statements.insert(batch)
    const after = await seen(store, ids)
    t.strictNotSame(after, before)
    await first.close()

    await dieBefore(options, last)
    t.equal((await counts(options)).texts, 5)
    const again = await server(t, { ...options, lease: quickLease }).store()
    t.same(await seen(again, ids), before, 'readers look no further than what was committed')
    const other = aStatement({ actor: withMbox('somebody else') })
    await again.statements.insert(aBatch(other))
    const expected = { ...before, all: [...before.all, other.id] }
    t.same(await seen(again, ids), expected, 'nor when the next one has written')
    const one = { texts: there.texts + 1, relations: there.relations + 1, kept: there.kept }
    t.same(await counts(options), one, 'no document is left')

    t.same((await again.statements.insert(batch)).already, [], 'who sends it again is told that it is new')
    const { all, ofAnn, ...rest } = await seen(again, ids)
    const { all: allAfter, ofAnn: ofAnnAfter, ...restAfter } = after
    t.same(rest, restAfter)
    t.same([all.length, ofAnn], [allAfter.length + 1, ofAnnAfter])
  })

  t.test('a batch of restored statements that was never committed is not seen either', async (t) => {
    const options = someIndices(t, url)
    const first = server(t, options)
    const store = await first.store()
    await store.statements.insert(aBatch(aStatement()))
    const { last } = await leaseOf(options)
    const old = aStatement({ stored: '2020-01-01T00:00:00.000001Z', actor: ann })
    const restored = [{ id: old.id, stored: Date.parse('2020-01-01') * 1000 + 1, text: JSON.stringify(old) }]
    await store.copy?.restoreStatements(restored, [])
    t.equal((await allPages(store, { agent: ann })).length, 1)
    await first.close()
    await dieBefore(options, last)
    const again = await server(t, { ...options, lease: quickLease }).store()
    t.equal((await allPages(again, { agent: ann })).length, 0)
    t.same((await again.copy?.restoreStatements(restored, []))?.inserted, [old.id])
    t.equal((await allPages(again, { agent: ann })).length, 1)
  })

  t.test('a writer that was taken for dead undoes what it has written', async (t) => {
    const options = someIndices(t, url)
    const lease = { timeToLive: 10_000, patience: 100, linger: 5000 }
    const store = await server(t, { ...options, lease }).store()
    const before = aStatement()
    await store.statements.insert(aBatch(before))
    await setLease(options, { holder: 'another' })
    const late = aStatement({ object: refTo(before) })
    await t.rejects(store.statements.insert(aBatch(late)), { code: 'STORE_UNAVAILABLE', details: { retryAfter: 1 } })
    t.match(await counts(options), { texts: 1, relations: 1 })
    await setLease(options, { holder: null })
    await store.statements.insert(aBatch(late))
    t.ok(await findAny(store, late.id))
  })

  t.test('readers do not wait for a writer that died, and their consistent-through is true', async (t) => {
    const options = someIndices(t, url)
    const store = await server(t, options).store()
    await store.statements.insert(aBatch(aStatement()))
    const { last } = await leaseOf(options)
    await dieBefore(options, last)
    const clock = aClock()
    clock.shift(60_000_000)
    const other = openEs(options, contextOf(t, clock.now, ''))
    const reader = await other.store()
    const start = performance.now()
    t.equal((await allPages(reader, {})).length, 1)
    t.equal(await reader.statements.consistentThrough(), last)
    t.ok(performance.now() - start < 5000)
    // It still waits for the one that died.
    await setLease(options, { holder: null })
    await other.close()
  })

  t.test('if the record of the lease was lost, every statement that is there counts', async (t) => {
    const options = someIndices(t, url)
    const first = server(t, options)
    await (await first.store()).statements.insert(aBatch(aStatement(), aStatement(), aStatement()))
    await first.close()
    await ask(url, 'DELETE', leasePath(options))
    const store = await server(t, options).store()
    t.equal((await allPages(store, {})).length, 3)
    await store.statements.insert(aBatch(aStatement()))
    t.equal((await allPages(store, {})).length, 4)
  })

  t.test('what Ralph has written is found by all that it says, and its documents stay as they are', async (t) => {
    const options = someIndices(t, url)
    await ask(url, 'PUT', options.index)
    const target = aStatement({ actor: ann })
    const voided = aStatement({ actor: ben })
    const upper = aStatement({ id: '0ABCDEF0-1111-4222-8333-444455556666', actor: ben })
    const all = [
      { ...described('one'), stored: '2025-01-01T00:00:00.000001+00:00' },
      target,
      aStatement({ object: refTo(target) }),
      voided,
      aVoiding(voided),
      upper
    ]
    await writeAsRalph(options.index, all)
    const [one, two] = await Promise.all([server(t, options).store(), server(t, options).store()])
    for (const store of [one, two]) {
      t.equal((await allPages(store, {})).length, 5)
      t.equal((await allPages(store, { agent: ann })).length, 3)
      t.ok(await store.statements.find(voided.id, { voided: true }))
      t.match(JSON.parse((await findAny(store, upper.id.toLowerCase()))?.text ?? '{}'), upper)
      t.same((await seen(store, [])).course, { name: { one: 'one' } })
    }
    const [oldest] = await allPages(one, { ascending: true })
    t.equal(oldest?.id, all[0]?.id, 'stored is theirs')
    t.equal(oldest?.stored, Date.parse('2025-01-01') * 1000 + 1)
    const [newest] = await allPages(one, {})
    t.equal(newest?.stored, Date.parse(target.timestamp ?? '') * 1000, 'or it is the timestamp')
    t.match(JSON.parse(newest?.text ?? ''), { stored: '2026-11-21T08:00:00.000000Z' })
    for (const each of all) {
      const { _source } = (await ask(url, 'GET', `${options.index}/_doc/${each.id}`)) as { _source: object }
      t.same(_source, each)
    }
    t.same(await one.statements.insert(aBatch(target)), { inserted: [], already: [target.id] })
    await two.statements.insert(aBatch(aStatement()))
  })

  t.test('documents that are not statements are listed and left alone', async (t) => {
    const options = someIndices(t, url)
    await ask(url, 'PUT', options.index, { mappings: { dynamic: false } })
    const good = aStatement()
    const odd = aStatement({ object: { id: course, definition: { name: 'no language map' } } as never })
    await writeAsRalph(options.index, [
      good,
      odd,
      { ...good, id: good.id.toUpperCase() },
      { id: 'x', actor: {}, verb: { id: 'v' }, object: {}, context: { contextAgents: 7 } },
      { id: 'a view of somebody' },
      { anything: 'else' }
    ])
    const warnings: string[] = []
    const warn = (message: string): void => {
      warnings.push(message)
    }
    for (let opening = 0; opening < 2; opening += 1) {
      const backend = openEs(options, { clock: aClock().now, appDir: '', warn })
      const store = await backend.store()
      t.same((await allPages(store, {})).map(({ id }) => id).sort(), [good.id, odd.id].sort())
      await backend.close()
    }
    t.equal(warnings.filter((each) => each.startsWith('2 statements')).length, 1, warnings.join())
    t.equal(warnings.filter((each) => each.startsWith('4 documents')).length, 1)
    t.equal(await countIn(options.index), 6)
  })

  t.test('what Ralph writes meanwhile is taken in when it is met, and judged as any other', async (t) => {
    const options = someIndices(t, url)
    const store = await server(t, options).store()
    const [same, other, unwanted] = [aStatement(), aStatement(), aStatement()]
    await store.statements.insert(aBatch(aStatement()))
    await writeAsRalph(options.index, [same, other, unwanted])
    t.same(await store.statements.insert(aBatch(same)), { inserted: [], already: [same.id] })
    const different = { ...other, verb: aVerb('another') }
    await t.rejects(store.statements.insert(aBatch(different)), { code: 'STATEMENT_CONFLICT' })
    await store.statements.insert(aBatch(aVoiding(unwanted)))
    t.ok(await store.statements.find(unwanted.id, { voided: true }))
    t.equal((await allPages(store, {})).length, 4)
  })

  t.test('statements that Ralph has given one time are in one order, whatever the size of a page', async (t) => {
    const options = someIndices(t, url)
    await ask(url, 'PUT', options.index)
    const at = (stored: string, count: number, parts: Partial<Statement> = {}) =>
      Array.from({ length: count }, () => aStatement({ stored, ...parts }))
    const some = [
      ...at('2025-01-01T00:00:00.000001+00:00', 3),
      ...at('2025-01-02T00:00:00.000001+00:00', 9, { actor: ann }),
      ...at('2025-01-03T00:00:00.000001+00:00', 1, { actor: ann }),
      ...at('2025-01-04T00:00:00.000001+00:00', 7)
    ]
    await writeAsRalph(options.index, some)
    const store = await server(t, options).store()
    const expected = some.map(({ stored = '', id }) => `${stored} ${id}`).sort()
    const shown = (page: readonly { readonly id: string; readonly text: string }[]) =>
      page.map(({ id, text }) => `${JSON.parse(text).stored} ${id}`)
    for (const ascending of [true, false]) {
      const order = ascending ? expected : expected.toReversed()
      for (const limit of [1, 2, 3, 4, 5, 9, 10, 19, 20, 21]) {
        t.same(shown(await allPages(store, { ascending, limit })), order, `limit ${limit}`)
      }
      const ofAnn = shown(await allPages(store, { ascending, limit: 4, agent: ann }))
      t.same(
        ofAnn,
        order.filter((each) => /^2025-01-0[23]/.test(each))
      )
    }
  })

  t.test(
    'a document that looks like ours but is unknown is left alone until a client sends its statement',
    async (t) => {
      const options = someIndices(t, url)
      const store = await server(t, options).store()
      const known = aStatement()
      await store.statements.insert(aBatch(known))
      const left = [aStatement(), aStatement()].map((each) => ({ ...each, stored: '2025-01-01T00:00:00.000001Z' }))
      await writeAsRalph(options.index, left)
      const warnings: string[] = []
      const warn = (message: string): void => {
        warnings.push(message)
      }
      for (let opening = 0; opening < 2; opening += 1) {
        const backend = openEs(options, { clock: aClock().now, appDir: '', warn })
        t.same(
          (await allPages(await backend.store(), {})).map(({ id }) => id),
          [known.id]
        )
        await backend.close()
      }
      t.match(warnings, [/^2 statements .* They are not shown/], 'once')
      const [first] = left
      if (first === undefined) throw new Error('two were left')
      t.same(await store.statements.insert(aBatch(first)), { inserted: [], already: [first.id] })
      t.same((await allPages(store, {})).map(({ id }) => id).sort(), [known.id, first.id].sort())
    }
  )

  t.test('extensions neither make the mapping grow nor contradict each other', async (t) => {
    const options = someIndices(t, url)
    // As the tutorial says.
    await ask(url, 'PUT', options.index)
    const store = await server(t, options).store()
    const long = 'x'.repeat(40_000)
    const statements = [
      aStatement({ context: { extensions: { 'https://x.example.org/': 'text', 'https://a.b.c/.': { '': 1 } } } }),
      aStatement({ context: { extensions: { 'https://x.example.org/': { deep: [1, 'a', {}] }, 'https://y/': long } } }),
      aStatement({ verb: { id: `https://verb.example.org/${long}` } }),
      aStatement({ actor: { mbox: `mailto:${long}@example.org` }, timestamp: '2026-12-31T23:59:60Z' })
    ]
    const mapping = JSON.stringify(await ask(url, 'GET', `${options.index}/_mapping`))
    await store.statements.insert(aBatch(...statements))
    t.equal((await allPages(store, {})).length, 4)
    t.equal(JSON.stringify(await ask(url, 'GET', `${options.index}/_mapping`)), mapping)
  })

  t.test('a statement that contradicts the mapping of Python Ralph is refused, and no other statement', async (t) => {
    const options = someIndices(t, url)
    const properties = { context: { properties: { platform: { type: 'long' } } } }
    await ask(url, 'PUT', options.index, { mappings: { properties } })
    const store = await server(t, options).store()
    const bad = aStatement({ context: { platform: 'Moodle' } })
    const settled = await Promise.allSettled([
      store.statements.insert(aBatch(aStatement())),
      store.statements.insert(aBatch(aStatement(), bad)),
      store.statements.insert(aBatch(aStatement()))
    ])
    t.match(settled, [
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'INVALID_STATEMENT', details: { statementId: bad.id } } },
      { status: 'fulfilled' }
    ])
    t.equal((await allPages(store, {})).length, 2)
    t.match(await counts(options), { texts: 2, relations: 2 })
  })

  t.test('an index that another program made in our name is refused, with the command that makes ours', async (t) => {
    const options = someIndices(t, url)
    await ask(url, 'PUT', `${options.index}~~relations`)
    await t.rejects(server(t, options).store(), {
      code: 'INVALID_SETTING',
      message: /was not created by Ralph: create it .* curl -X PUT http:/
    })
  })
}
