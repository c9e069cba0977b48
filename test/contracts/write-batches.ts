import type { Test } from 'tap'
import type { Clock } from '../../src/contracts/clock.ts'
import type { LrsBackend, LrsStore } from '../../src/contracts/lrs-backend.ts'
import type { LeaseOptions } from '../../src/storage/batching/lease.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import { aClock } from '../support/clock.ts'
import { allPages, findAny } from '../support/judged-store.ts'
import { aBatch, anActivity, aStatement, aVerb, aVoiding, refTo, withMbox } from '../support/statements.ts'

/** So that a test need not wait for a dead writer as long as servers do. */
export const quickLease = { timeToLive: 1500, patience: 20_000, linger: 50 }

interface Server {
  readonly lease?: LeaseOptions
  readonly clock?: Clock
}

/** Empty data of an engine that writes in batches, and what only a test does to it: it reads and writes behind the server's back. */
export interface BatchedData {
  /** Opens a server on the data. It is closed when the test ends. */
  server(options?: Server): LrsBackend
  readonly lease: {
    /** The `stored` of the latest committed batch. */
    last(): Promise<number>
    change(parts: { readonly last?: number; readonly holder?: string | null }): Promise<void>
    remove(): Promise<void>
  }
  /** Whether readers see nothing of restored statements before their commit, although these may be older than all others. */
  readonly hidesRestored: boolean
  /** How many documents the engine holds, committed or not: of statements, and of everything else. */
  count(): Promise<{ readonly statements: number; readonly others: number }>
  /** What the engine keeps about statements besides their texts, by id. What only tells batches apart is left out. */
  relations(): Promise<ReadonlyMap<string, unknown>>
  /** Writes documents as Python Ralph does. */
  writeAsPython(statements: readonly Statement[]): Promise<void>
  /** The documents as Python Ralph reads them, in one order. */
  readAsPython(): Promise<readonly unknown[]>
}

export type OpenBatchedData = (t: Test) => Promise<BatchedData>

const [ann, ben] = [withMbox('ann'), withMbox('ben')]
const course = anActivity('course').id

const described = (name: string, parts: Partial<Statement> = {}) =>
  aStatement({ object: anActivity('course', { name: { [name]: name } }), actor: { ...ann, name }, ...parts })

/** As if the writer of everything later than `last` had died just before its commit. */
const dieBefore = ({ lease }: BatchedData, last: number) => lease.change({ last, holder: 'one that died' })

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

/** Nothing of a batch is seen before its commit, and a batch without a commit leaves nothing behind. */
const uncommittedBatches = (t: Test, open: OpenBatchedData): void => {
  t.test('nothing of a batch that was never committed is seen or left', async (t) => {
    const data = await open(t)
    const first = data.server()
    const store = await first.store()
    const late = described('late', { actor: ben })
    const [victim, waiting] = [described('one'), aStatement({ object: refTo(late) })]
    await store.statements.insert(aBatch(victim, waiting))
    const ids = [victim, waiting, late].map(({ id }) => id)
    const [last, before] = [await data.lease.last(), await seen(store, ids)]
    const [there, { others }] = [await data.relations(), await data.count()]
    const batch = aBatch(aVoiding(victim, { actor: ann }), late, described('two'))
    await store.statements.insert(batch)
    const after = await seen(store, ids)
    t.strictNotSame(after, before)
    await first.close()

    await dieBefore(data, last)
    t.equal((await data.count()).statements, 5)
    const again = await data.server({ lease: quickLease }).store()
    t.same(await seen(again, ids), before, 'readers look no further than what was committed')
    const other = aStatement({ actor: withMbox('somebody else') })
    await again.statements.insert(aBatch(other))
    const expected = { ...before, all: [...before.all, other.id] }
    t.same(await seen(again, ids), expected, 'nor when the next writer has written')
    const relations = await data.relations()
    t.same([...relations.keys()].sort(), [...there.keys(), other.id].sort(), 'no document is left')
    for (const [id, each] of there) t.same(relations.get(id), each, 'as it was before')
    t.same(await data.count(), { statements: 3, others })

    t.same((await again.statements.insert(batch)).already, [], 'a client that sends it again learns that it is new')
    const { all, ofAnn, ...rest } = await seen(again, ids)
    const { all: allAfter, ofAnn: ofAnnAfter, ...restAfter } = after
    t.same(rest, restAfter)
    t.same([all.length, ofAnn], [allAfter.length + 1, ofAnnAfter])
  })

  t.test('a batch of restored statements that was never committed is complete once it is restored again', async (t) => {
    const data = await open(t)
    const first = data.server()
    const store = await first.store()
    const victim = described('one')
    await store.statements.insert(aBatch(victim))
    const [last, before] = [await data.lease.last(), await seen(store, [victim.id])]
    const old = [aStatement({ actor: ann }), aVoiding(victim, { actor: ben })]
    const restored = old.map((each, index) => {
      const stored = Date.parse('2020-01-01') * 1000 + 1 + index
      return {
        id: each.id,
        stored,
        text: JSON.stringify({ ...each, stored: `2020-01-01T00:00:00.00000${1 + index}Z` })
      }
    })
    await store.copy?.restoreStatements(restored, [])
    const after = await seen(store, [victim.id])
    t.same(after.voided, [true])
    await first.close()
    await dieBefore(data, last)
    const again = await data.server({ lease: quickLease }).store()
    if (data.hidesRestored) t.same(await seen(again, [victim.id]), before)
    t.ok(await again.copy?.restoreStatements(restored, []))
    t.same(await seen(again, [victim.id]), after)
  })
}

/** One writer at a time holds the lease; readers never wait for it. */
const leases = (t: Test, open: OpenBatchedData): void => {
  t.test('a writer that was taken for dead undoes what it has written', async (t) => {
    const data = await open(t)
    const store = await data.server({ lease: { timeToLive: 10_000, patience: 100, linger: 5000 } }).store()
    const before = aStatement()
    await store.statements.insert(aBatch(before))
    await data.lease.change({ holder: 'another' })
    const late = aStatement({ object: refTo(before) })
    await t.rejects(store.statements.insert(aBatch(late)), { code: 'STORE_UNAVAILABLE', details: { retryAfter: 1 } })
    t.same([...(await data.relations()).keys()], [before.id])
    t.equal((await data.count()).statements, 1)
    await data.lease.change({ holder: null })
    await store.statements.insert(aBatch(late))
    t.ok(await findAny(store, late.id))
  })

  t.test('readers do not wait for a writer that died, and their consistent-through is true', async (t) => {
    const data = await open(t)
    const store = await data.server().store()
    await store.statements.insert(aBatch(aStatement()))
    const last = await data.lease.last()
    await dieBefore(data, last)
    const clock = aClock()
    clock.shift(60_000_000)
    const other = data.server({ clock: clock.now })
    const reader = await other.store()
    const start = performance.now()
    t.equal((await allPages(reader, {})).length, 1)
    t.equal(await reader.statements.consistentThrough(), last)
    t.ok(performance.now() - start < 5000)
    // A server that closes still waits for the holder of the lease.
    await data.lease.change({ holder: null })
    await other.close()
  })

  t.test('if the record of the lease was lost, every statement that is there counts', async (t) => {
    const data = await open(t)
    const first = data.server()
    await (await first.store()).statements.insert(aBatch(aStatement(), aStatement(), aStatement()))
    await first.close()
    await data.lease.remove()
    const store = await data.server().store()
    t.equal((await allPages(store, {})).length, 3)
    await store.statements.insert(aBatch(aStatement()))
    t.equal((await allPages(store, {})).length, 4)
  })
}

/** Statements of Python Ralph in the same place are ours too, and stay readable for it. */
const adoption = (t: Test, open: OpenBatchedData): void => {
  t.test('statements of Python Ralph are found by all that they say, and its documents stay as they are', async (t) => {
    const data = await open(t)
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
    await data.writeAsPython(all)
    const written = await data.readAsPython()
    const [one, two] = await Promise.all([data.server().store(), data.server().store()])
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
    t.equal(written.length, all.length)
    t.same(await data.readAsPython(), written)
    t.same(await one.statements.insert(aBatch(target)), { inserted: [], already: [target.id] })
    await two.statements.insert(aBatch(aStatement()))
  })

  t.test('a statement that Python Ralph writes meanwhile is taken in when a client sends or voids it', async (t) => {
    const data = await open(t)
    const store = await data.server().store()
    const [same, other, unwanted] = [aStatement(), aStatement(), aStatement()]
    await store.statements.insert(aBatch(aStatement()))
    await data.writeAsPython([same, other, unwanted])
    t.same(await store.statements.insert(aBatch(same)), { inserted: [], already: [same.id] })
    const different = { ...other, verb: aVerb('another') }
    await t.rejects(store.statements.insert(aBatch(different)), { code: 'STATEMENT_CONFLICT' })
    await store.statements.insert(aBatch(aVoiding(unwanted)))
    t.ok(await store.statements.find(unwanted.id, { voided: true }))
    t.equal((await allPages(store, {})).length, 4)
  })

  t.test('statements of Python Ralph with one time are in one order, whatever the size of a page', async (t) => {
    const data = await open(t)
    const at = (stored: string, count: number, parts: Partial<Statement> = {}) =>
      Array.from({ length: count }, () => aStatement({ stored, ...parts }))
    const some = [
      ...at('2025-01-01T00:00:00.000001+00:00', 3),
      ...at('2025-01-02T00:00:00.000001+00:00', 9, { actor: ann }),
      ...at('2025-01-03T00:00:00.000001+00:00', 1, { actor: ann }),
      ...at('2025-01-04T00:00:00.000001+00:00', 7)
    ]
    await data.writeAsPython(some)
    const store = await data.server().store()
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
}

/** What an engine without transactions promises by writing in batches under a lease (storage/batching). */
export const writeBatchContract = (t: Test, open: OpenBatchedData): void => {
  uncommittedBatches(t, open)
  leases(t, open)
  adoption(t, open)
}
