import t, { type Test } from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import type { PageFrame } from '../../src/contracts/statement-store.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { asQuery, type Question } from '../support/oracle.ts'
import { aBatch, aStatement, aVoiding } from '../support/statements.ts'

const openIn = (t: Test, directory: string): Promise<LrsStore> => {
  const backend = openSqlite({ directory }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  return backend.store()
}

const frame: PageFrame = { before: '[', after: (end) => (end === undefined ? ']' : ', …]') }
const read = async (store: LrsStore, question: Question = {}, around = frame): Promise<Uint8Array> =>
  (await store.statements.queryText(asQuery(question), around)).json
const idsIn = (json: Uint8Array): string[] =>
  JSON.parse(Buffer.from(json).toString()).map(({ id }: { id: string }) => id)

t.test('who polls a page that stays the same gets the same bytes', async (t) => {
  const store = await openIn(t, t.testdir())
  await store.statements.insert(aBatch(aStatement()))
  await read(store)
  const kept = await read(store)
  t.equal(await read(store), kept)
  const other = await read(store, {}, { before: '{"statements":[', after: () => ']}' })
  t.same(Buffer.from(other).toString(), `{"statements":${Buffer.from(kept)}}`, 'unless it is framed otherwise')
})

t.test('a page that was kept is read again once a statement was stored or voided, and not before', async (t) => {
  const store = await openIn(t, t.testdir())
  const [first, second] = [aStatement(), aStatement()]
  await store.statements.insert(aBatch(first))
  for (let times = 0; times < 3; times += 1) t.same(idsIn(await read(store)), [first.id])
  await store.statements.insert(aBatch(second))
  for (let times = 0; times < 3; times += 1) t.same(idsIn(await read(store)), [second.id, first.id])
  const kept = await read(store)
  const conflict = aBatch(aStatement(), { ...first, result: { success: false } })
  await t.rejects(store.statements.insert(conflict), { code: 'STATEMENT_CONFLICT' })
  await store.documents.change({ kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'one' }, () => ({
    content: Buffer.from('a'),
    contentType: 'text/plain'
  }))
  t.equal(await read(store), kept, 'what was undone, and documents, change no page')
  const voiding = aVoiding(first)
  await store.statements.insert(aBatch(voiding))
  t.same(idsIn(await read(store)), [voiding.id, second.id])
})
