import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createMemoryDocuments } from '../../src/backends/memory/documents.ts'
import { createMemoryStatements } from '../../src/backends/memory/statements.ts'
import { RalphError } from '../../src/errors.ts'
import { makeFollowable } from '../../src/storage/follow.ts'
import { aClock } from '../support/clock.ts'
import { aBatch, aStatement } from '../support/statements.ts'

/** A store that counts how often it was asked for a page; `away` is thrown instead of the next ones. */
const aCountingStore = async (t: Test, count: number) => {
  const clock = aClock()
  const { statements, attachments, copy, rewriting } = createMemoryStatements(clock.now, () => {})
  const { copy: copyDocuments, ...documents } = createMemoryDocuments(clock.now, () => {})
  const asked = { pages: 0, away: undefined as Error | undefined }
  const engine = {
    statements,
    attachments,
    documents,
    rewriting,
    copy: {
      ...copyDocuments,
      ...copy,
      statements: (async (after, limit, options) => {
        asked.pages += 1
        if (asked.away !== undefined) throw asked.away
        return copy.statements(after, limit, options)
      }) satisfies typeof copy.statements
    }
  }
  const all = Array.from({ length: count }, () => aStatement())
  if (count > 0) await statements.insert(aBatch(...all))
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  const { store } = makeFollowable(engine)
  return { store, engine, asked, controller, follow: store.statements.follow }
}

t.test('nothing is read ahead of a slow consumer', async (t) => {
  const { follow, asked, controller } = await aCountingStore(t, 10)
  let batches = 0
  for await (const _ of follow(undefined, { signal: controller.signal, limit: 2, waits: false })) {
    batches += 1
    await setTimeout(5)
    t.equal(asked.pages, batches)
  }
  t.equal(batches, 5)
})

t.test('an idle store is asked once a second, and what others have stored is found by it', async (t) => {
  const { follow, asked, engine, controller } = await aCountingStore(t, 0)
  const batches = follow(undefined, { signal: controller.signal })[Symbol.asyncIterator]()
  const next = batches.next()
  await setTimeout(1500)
  t.ok(asked.pages <= 2, `${asked.pages} pages in 1.5 s`)
  // Not by the store that is followed, which would tell.
  const statement = aStatement()
  await engine.statements.insert(aBatch(statement))
  const { value } = await next
  t.equal(value?.statements[0]?.id, statement.id)
})

t.test('what is stored while a page is on the way is not missed', async (t) => {
  const { follow, store, asked, controller } = await aCountingStore(t, 1)
  const start = performance.now()
  const batches = follow(undefined, { signal: controller.signal, limit: 5 })[Symbol.asyncIterator]()
  await batches.next()
  const next = batches.next()
  await store.statements.insert(aBatch(aStatement()))
  t.equal((await next).value?.statements.length, 1)
  t.ok(performance.now() - start < 900)
  t.ok(asked.pages <= 3)
})

t.test('an engine that is away ends it, and it goes on where it was', async (t) => {
  const { follow, asked, controller } = await aCountingStore(t, 4)
  const { signal } = controller
  const batches = follow(undefined, { signal, limit: 3 })[Symbol.asyncIterator]()
  const { value: first } = await batches.next()
  asked.away = new RalphError('STORE_UNAVAILABLE', 'away')
  await t.rejects(batches.next(), { code: 'STORE_UNAVAILABLE' })
  t.same(await batches.next(), { done: true, value: undefined })
  asked.away = undefined
  const { value: rest } = await follow(first?.position, { signal })[Symbol.asyncIterator]().next()
  t.equal(rest?.statements.length, 1)
})
