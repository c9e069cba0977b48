import fc from 'fast-check'
import t from 'tap'
import { blockOf, countBelow, rowsOf, valuesOf } from '../../src/backends/sqlite/blocks.ts'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { createTransactionCache } from '../../src/backends/sqlite/transaction-cache.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { allPages } from '../support/judged-store.ts'
import { asQuery, type Question } from '../support/oracle.ts'
import { aBatch, anActivity, anId, aStatement, aVerb, refTo, withMbox } from '../support/statements.ts'

const sorted = fc
  .uniqueArray(fc.oneof(fc.nat({ max: 1000 }), fc.nat({ max: 3 * 2 ** 32 })), { maxLength: 400 })
  .map((offsets) => offsets.toSorted((one, other) => one - other).map((offset) => 1_795_000_000_000_000 + offset))

t.test(
  'a list is cut into blocks that hold all of it, in order and without overlap, however far it spans',
  async (t) => {
    fc.assert(
      fc.property(sorted, fc.nat({ max: 3 * 2 ** 32 }), (values, offset) => {
        const rows = [...rowsOf(values)]
        t.same(rows.flatMap(valuesOf), values)
        const sought = 1_795_000_000_000_000 + offset
        for (const row of rows) {
          const inside = valuesOf(row)
          if (inside.length > 128) throw new Error(`a block of ${inside.length}`)
          const below = inside.filter((value) => value < sought).length
          if (countBelow(blockOf(row), sought) !== below) throw new Error(`${below} are below ${sought}`)
        }
      }),
      { numRuns: 50, seed: 20_261_121 }
    )
  }
)

t.test('what a transaction taught the cache is forgotten when it is undone, and only that', async (t) => {
  const cache = createTransactionCache<number>({ entries: 3, characters: 100 })
  cache.set('kept', 1)
  cache.settle()
  cache.set('undone', 2)
  cache.discard()
  t.equal(cache.get('kept'), 1)
  t.equal(cache.get('undone'), undefined)
  for (const key of ['a', 'b', 'c']) cache.set(key, 3)
  t.equal(cache.get('kept'), undefined, 'it is bounded in entries')
  cache.set('x'.repeat(200), 4)
  t.equal(cache.get('x'.repeat(200)), undefined, 'and in characters')
})

/** Terms that are in nearly every statement, in some, and in hardly any. */
const parts = (index: number) => ({
  actor: withMbox(index % 97 === 0 ? 'rare' : `agent-${index % 3}`),
  verb: aVerb(index % 2 === 0 ? 'even' : 'odd'),
  object: anActivity(index < 1500 ? 'early' : 'late'),
  ...(index % 5 === 0 ? { context: { registration: '11111111-1111-4111-8111-111111111111' } } : {})
})

const tests: Readonly<Record<string, { question: Question; matches: (index: number) => boolean }>> = {
  everything: { question: {}, matches: () => true },
  'a list of many blocks': { question: { verb: aVerb('even').id }, matches: (index) => index % 2 === 0 },
  'a list of few statements': { question: { agent: withMbox('rare') }, matches: (index) => index % 97 === 0 },
  'a rare term and a frequent one': {
    question: { agent: withMbox('rare'), verb: aVerb('odd').id },
    matches: (index) => index % 97 === 0 && index % 2 === 1
  },
  'two frequent terms': {
    question: { verb: aVerb('even').id, activity: anActivity('late').id },
    matches: (index) => index % 2 === 0 && index >= 1500
  },
  'three terms': {
    question: {
      agent: withMbox('agent-1'),
      verb: aVerb('even').id,
      registration: '11111111-1111-4111-8111-111111111111'
    },
    matches: (index) => index % 97 !== 0 && index % 3 === 1 && index % 10 === 0
  },
  'terms that never meet': { question: { agent: withMbox('agent-4'), verb: aVerb('even').id }, matches: () => false },
  'frequent terms that never meet': {
    question: { activity: anActivity('early').id, agent: withMbox('agent-0'), verb: aVerb('neither').id },
    matches: () => false
  }
}

t.test('long lists are read whole, in pages of any size and in both directions', async (t) => {
  const directory = t.testdir()
  const backend = openSqlite({ maxInMemory: 400 }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  const store = await backend.store()
  const statements = Array.from({ length: 3000 }, (_, index) => aStatement(parts(index)))
  for (let from = 0, size = 1; from < statements.length; from += size, size = (size * 7) % 300 || 1) {
    await store.statements.insert(aBatch(...statements.slice(from, from + size)))
  }
  for (const [name, { question, matches }] of Object.entries(tests)) {
    const expected = statements.filter((_, index) => matches(index)).map(({ id }) => id)
    for (const limit of [7, 100, 5000]) {
      for (const ascending of [true, false]) {
        const found = (await allPages(store, { ...question, limit, ascending })).map(({ id }) => id)
        t.ok(
          found.join() === (ascending ? expected : expected.toReversed()).join(),
          `${name}: ${expected.length}, ${limit} a page, ${ascending ? 'ascending' : 'descending'}`
        )
      }
    }
  }
})

t.test('a long search rests so that others have their turn, and ends when its caller gives up', async (t) => {
  const backend = openSqlite({}, contextOf(t, aClock().now, t.testdir()))
  t.teardown(() => backend.close())
  const store = await backend.store()
  // The two verbs are in turns, and the object of each is the other's: the search has to look at every one.
  for (let from = 0; from < 60_000; from += 5000) {
    const batch = Array.from({ length: 5000 }, (_, index) =>
      aStatement(
        index % 2 === 0
          ? { verb: aVerb('one'), object: anActivity('one') }
          : { verb: aVerb('two'), object: anActivity('two') }
      )
    )
    await store.statements.insert(aBatch(...batch))
  }
  const question = asQuery({ verb: aVerb('one').id, activity: anActivity('two').id, limit: 10 })

  let turns = 0
  let searching = true
  const count = (): void => {
    turns += 1
    if (searching) setImmediate(count)
  }
  setImmediate(count)
  t.same(await store.statements.query(question), { statements: [], more: false })
  searching = false
  t.ok(turns > 2, `others had ${turns} turns`)

  const controller = new AbortController()
  const search = store.statements.query(question, { signal: controller.signal })
  controller.abort(new Error('the client hung up'))
  await t.rejects(search, new Error('the client hung up'))
})

t.test('a long chain of references is followed to its end, whichever end comes first', async (t) => {
  const backend = openSqlite({ maxInMemory: 100 }, contextOf(t, aClock().now, t.testdir()))
  t.teardown(() => backend.close())
  for (const order of ['target first', 'target last']) {
    const store = await backend.store(order.replace(' ', '-'))
    const chain = [aStatement({ id: anId(), actor: withMbox('end') })]
    for (let last = chain[0]; chain.length < 500 && last; last = chain.at(-1)) {
      chain.push(aStatement({ object: refTo(last) }))
    }
    if (order === 'target last') chain.reverse()
    for (let from = 0; from < chain.length; from += 50) {
      await store.statements.insert(aBatch(...chain.slice(from, from + 50)))
    }
    t.equal((await allPages(store, { agent: withMbox('end') })).length, 500, order)
  }
})
