import t, { type Test } from 'tap'
import { openFs } from '../../src/backends/fs/lrs.ts'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { createRecentIndex } from '../../src/backends/sqlite/recent-index.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { anActivity, aStatement, aVerb, incoming, withMbox } from '../support/statements.ts'

/** More than V8 takes as arguments of one call. */
const many = 130_000

const openers: Readonly<Record<string, (t: Test) => LrsBackend>> = {
  sqlite: (t) => openSqlite({}, contextOf(t, aClock().now, t.testdir())),
  fs: (t) => openFs({}, contextOf(t, aClock().now, t.testdir()))
}

for (const [name, open] of Object.entries(openers)) {
  t.test(`${name}: a batch may have more statements than a call has arguments`, async (t) => {
    const backend = open(t)
    t.teardown(() => backend.close())
    const { statements } = await backend.store()
    const shared = { actor: withMbox('a'), verb: aVerb('b'), object: anActivity('c') }
    const batch = Array.from({ length: many }, () => incoming(aStatement(shared)))
    const { inserted } = await statements.insert({ statements: batch, attachments: [], define: true })
    t.equal(inserted.length, many)
    const { statements: page } = await statements.query({ ascending: true, limit: 1, verb: shared.verb.id })
    t.equal(page[0]?.id, inserted[0])
  })
}

t.test('what a transaction of many statements has taught the index is forgotten without a long stall', async (t) => {
  const index = createRecentIndex()
  index.addTerm(1, 0)
  index.settle()
  for (let stored = 1; stored <= many; stored += 1) index.addTerm(1, stored)
  const start = performance.now()
  index.discard()
  // One scan of the list for each of its entries would take ten seconds.
  t.ok(performance.now() - start < 1000)
  t.same(index.terms.get(1), [0])
})
