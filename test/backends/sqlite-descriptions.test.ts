import t, { type Test } from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import type { ActivityDefinition } from '../../src/xapi/statement.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { aBatch, anActivity, aStatement } from '../support/statements.ts'

const open = async (t: Test, directory: string) => {
  const backend = openSqlite({ directory }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  return { backend, store: await backend.store() }
}

const { id } = anActivity('course')
const saying = (definition: ActivityDefinition) => aStatement({ object: anActivity('course', definition) })
const extension = (name: string | number): string => `https://extension.example.org/${name}`

t.test('a definition that many statements of a batch add to is written once', async (t) => {
  const directory = t.testdir()
  const { backend, store } = await open(t, directory)
  const text = 'x'.repeat(100_000)
  await store.statements.insert(aBatch(saying({ extensions: { [extension('long')]: text } })))
  const numbers = Array.from({ length: 1000 }, (_, number) => number)
  const batch = aBatch(...numbers.map((number) => saying({ extensions: { [extension(number)]: number } })))
  const before = process.threadCpuUsage()
  await store.statements.insert(batch)
  // Of this thread's own work: the machine may do other things meanwhile.
  const { user, system } = process.threadCpuUsage(before)
  t.ok(user + system < 2_500_000, `${user + system} µs`)
  await backend.close()
  const again = (await open(t, directory)).store
  const { definitions } = await again.statements.describe({ activities: [id], verbs: [] })
  const expected = [['long', text] as const, ...numbers.map((number) => [number, number] as const)]
  t.same(definitions.get(id), {
    extensions: Object.fromEntries(expected.map(([name, value]) => [extension(name), value]))
  })
})

t.test('what a refused batch said is neither written nor merged with what is said next', async (t) => {
  const { store } = await open(t, t.testdir())
  const definitionNow = async () =>
    (await store.statements.describe({ activities: [id], verbs: [] })).definitions.get(id)
  const first = saying({ name: { en: 'First' } })
  await store.statements.insert(aBatch(first))
  const conflicting = { ...first, object: anActivity('other') }
  const refused = aBatch(saying({ name: { en: 'Refused' }, description: { en: 'Refused' } }), conflicting)
  await t.rejects(store.statements.insert(refused), { code: 'STATEMENT_CONFLICT' })
  t.same(await definitionNow(), { name: { en: 'First' } })
  // The second is committed together with a batch that is refused, the third after it.
  const second = store.statements.insert(aBatch(saying({ name: { fr: 'Deuxième' } })))
  await t.rejects(store.statements.insert(refused), { code: 'STATEMENT_CONFLICT' })
  await second
  t.same(await definitionNow(), { name: { en: 'First', fr: 'Deuxième' } })
  await store.statements.insert(aBatch(saying({ description: { en: 'Third' } })))
  t.same(await definitionNow(), { name: { en: 'First', fr: 'Deuxième' }, description: { en: 'Third' } })
})
