import t, { type Test } from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { type AnnounceOptions, announceStatements } from '../../src/forwarding/announce.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { until } from '../support/postgres.ts'
import { aBatch, aStatement } from '../support/statements.ts'

const aStore = async (t: Test): Promise<LrsStore> => {
  const backend = await openSqlite(
    {},
    contextOf(t, () => Date.now() * 1000, t.testdir())
  )
  t.teardown(() => backend.close())
  return backend.store(undefined)
}

/** Announces to a list, until the test ends. */
const announcer = (t: Test, store: LrsStore, announce: AnnounceOptions['announce']) => {
  const stopping = new AbortController()
  const failures: unknown[] = []
  const running = announceStatements({
    storeOf: async () => store,
    lockOf: undefined,
    name: 'x',
    begin: 'first',
    signal: stopping.signal,
    announce,
    onProgress: () => {},
    afterFailure: async (error) => {
      failures.push(error)
    }
  })
  t.teardown(() => stopping.abort())
  return {
    failures,
    stop: async () => {
      stopping.abort()
      await running
    }
  }
}

const storeSome = async (store: LrsStore): Promise<readonly string[]> => {
  const statements = Array.from({ length: 7 }, () => aStatement())
  await store.statements.insert(aBatch(...statements))
  return statements.map(({ id }) => id)
}

/** Takes and confirms all. */
const takes =
  (taken: string[]): AnnounceOptions['announce'] =>
  async (statements, told) => {
    for (const each of statements) {
      taken.push(each.id)
      told(each)
    }
  }

t.test(
  'a server that dies between the confirmation and the record repeats that batch, and loses nothing',
  async (t) => {
    const store = await aStore(t)
    const ids = await storeSome(store)
    const taken: string[] = []
    // It never comes back from here, as a process that was killed.
    announcer(t, store, async (statements, told) => {
      await takes(taken)(statements, told)
      await new Promise(() => {})
    })
    await until(async () => taken.length === ids.length)
    const next = announcer(t, store, takes(taken))
    await until(async () => taken.length === 2 * ids.length)
    t.same(taken, [...ids, ...ids])
    await next.stop()
    const more = await storeSome(store)
    const last = announcer(t, store, takes(taken))
    await until(async () => taken.length >= 2 * ids.length + more.length)
    t.same(taken, [...ids, ...ids, ...more], 'what is recorded is not repeated')
    await last.stop()
  }
)

t.test('a store that cannot keep the record makes no running server repeat what was confirmed', async (t) => {
  const store = await aStore(t)
  const ids = await storeSome(store)
  let refusals = 3
  const change: LrsStore['documents']['change'] = async (key, replace) => {
    refusals -= 1
    if (refusals >= 0) throw new Error('the store is away')
    return store.documents.change(key, replace)
  }
  const taken: string[] = []
  const { failures, stop } = announcer(t, { ...store, documents: { ...store.documents, change } }, takes(taken))
  await until(async () => refusals < 0)
  const more = await storeSome(store)
  await until(async () => taken.length >= ids.length + more.length)
  t.same(taken, [...ids, ...more])
  t.equal(failures.length, 3)
  await stop()
})

t.test('of a batch that was confirmed in part, the rest alone is announced again', async (t) => {
  const store = await aStore(t)
  const ids = await storeSome(store)
  const taken: string[] = []
  let isAway = true
  const { stop } = announcer(t, store, async (statements, told) => {
    const some = isAway ? statements.filter((_, index) => index % 2 === 1) : statements
    await takes(taken)(some, told)
    if (isAway) {
      isAway = false
      throw new Error('the broker is away')
    }
  })
  await until(async () => taken.length >= ids.length)
  const odd = ids.filter((_, index) => index % 2 === 1)
  t.same(taken, [...odd, ...ids.filter((id) => !odd.includes(id))])
  await stop()
})
