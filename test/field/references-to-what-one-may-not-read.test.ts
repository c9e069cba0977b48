import t, { type Test } from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import type { StoredStatement } from '../../src/contracts/statement-store.ts'
import type { Call } from '../../src/lrs/call.ts'
import { findStatements } from '../../src/lrs/query-statements/found-statements.ts'
import { longestChain } from '../../src/lrs/query-statements/reference-filter.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { asQuery, type Question } from '../support/oracle.ts'
import { aBatch, anActivity, aStatement, aVerb, refTo, withAccount, withMbox } from '../support/statements.ts'

const bob = withAccount('bob')
const alice = withAccount('alice')
const by = (authority: Statement['authority'], parts: Partial<Statement> = {}) =>
  aStatement({ ...parts, ...(authority && { authority }) })

/** What bob finds on the first page, and how often the store was asked, while others had their turns. */
const asBob = async (store: LrsStore, question: Question) => {
  const asked = { query: 0, find: 0, findAll: 0, ids: [] as string[] }
  const { statements } = store
  const counting: LrsStore = {
    ...store,
    statements: {
      ...statements,
      query: (...args) => {
        asked.query += 1
        return statements.query(...args)
      },
      find: (...args) => {
        asked.find += 1
        return statements.find(...args)
      },
      findAll: (ids, options) => {
        asked.findAll += 1
        asked.ids.push(...ids)
        return statements.findAll(ids, options)
      }
    }
  }
  const rules = { restrictByAuthority: true, restrictByScopes: false }
  // Of a request no more is looked at.
  const call = { principal: { agent: bob }, rules, store: counting, signal: new AbortController().signal } as Call
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const found: StoredStatement[] = []
  for await (const page of findStatements(call, asQuery({ ...question, authority: bob })))
    found.push(...page.statements)
  isDone = true
  return { found: found.map(({ id }) => id), asked, turns }
}

const withStore = (t: Test): Promise<LrsStore> => {
  const directory = t.testdir()
  const backend = openSqlite({ directory }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  return backend.store()
}

t.test('references that lead to nothing readable are looked up together, each target once', async (t) => {
  const store = await withStore(t)
  const verb = aVerb('hidden')
  const hidden = Array.from({ length: 500 }, () => by(alice, { verb }))
  await store.statements.insert(aBatch(...hidden))
  const own = by(bob, { verb })
  await store.statements.insert(aBatch(own))
  for (let round = 0; round < 4; round += 1) {
    await store.statements.insert(aBatch(...hidden.map((target) => by(bob, { object: refTo(target) }))))
  }
  const { found, asked } = await asBob(store, { verb: verb.id, limit: 100 })
  t.same(found, [own.id])
  t.equal(asked.find, 0)
  t.equal(asked.ids.length, hidden.length, 'each target once, though four statements refer to it')
  t.equal(new Set(asked.ids).size, hidden.length)
  t.ok(asked.query <= 10 && asked.findAll <= 10, `${asked.query} pages, ${asked.findAll} look-ups`)
})

t.test('a chain of references is followed a link at a time, and others have their turns', async (t) => {
  const store = await withStore(t)
  const verb = aVerb('end')
  const end = by(bob, { verb })
  const chain = [end]
  for (let length = 0; length < longestChain + 50; length += 1) {
    chain.push(by(bob, { object: refTo(chain.at(-1) ?? end) }))
  }
  await store.statements.insert(aBatch(...chain))
  const { found, asked, turns } = await asBob(store, { verb: verb.id, limit: 2 })
  t.same(
    found.slice(0, 2),
    chain
      .slice(0, longestChain + 1)
      .toReversed()
      .slice(0, 2)
      .map(({ id }) => id)
  )
  t.equal(new Set(asked.ids).size, asked.ids.length, 'nothing is looked up twice')
  t.ok(asked.findAll <= chain.length)
  t.ok(turns > 1, `${turns} turns`)
})

t.test('circles of references come to an end, and own targets count', async (t) => {
  const store = await withStore(t)
  const [one, two] = [by(bob, { verb: aVerb('one') }), by(bob, { verb: aVerb('two') })]
  const first = { ...one, object: refTo(two) }
  const second = { ...two, object: refTo(one) }
  await store.statements.insert(aBatch(first, second, by(bob, { object: anActivity('x') })))
  t.same((await asBob(store, { verb: aVerb('one').id })).found.toSorted(), [one.id, two.id].toSorted())
  const both = await asBob(store, { verb: aVerb('one').id, agent: withMbox('somebody') })
  t.same(both.found.toSorted(), [one.id, two.id].toSorted())
})
