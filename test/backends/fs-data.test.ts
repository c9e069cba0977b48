import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openFsData } from '../../src/backends/fs/data.ts'
import { dataBackends } from '../../src/backends/registry.ts'
import type { BytesBackend } from '../../src/contracts/data-backend.ts'
import { chunksOf, testBytesBackend } from '../contracts/data-backend.ts'

const definition = dataBackends.find(({ name }) => name === 'fs')
if (definition === undefined) throw new Error('there is no backend fs')

const places = new WeakMap<BytesBackend, string>()

const openAt = async (t: Test, directory: string): Promise<BytesBackend> => {
  const backend = await openFsData({ directory, pattern: '*', clock: () => Date.now() * 1000 })
  places.set(backend, directory)
  t.teardown(() => backend.close())
  return backend
}

testBytesBackend(t, {
  definition,
  open: (t) => openAt(t, t.testdir()),
  reopen: (t, backend) => openAt(t, places.get(backend) ?? '')
})

const readAll = async (backend: BytesBackend, query?: string): Promise<string> => {
  let all = ''
  for await (const chunk of backend.read?.(query, {}) ?? []) all += chunk
  return all
}

t.test('a pattern reads several files, one after the other, directories not', async (t) => {
  const directory = t.testdir({ 'a.jsonl': '1\n', 'b.jsonl': '2\n', 'c.txt': '3\n', deeper: { 'd.jsonl': '4\n' } })
  const backend = await openAt(t, directory)
  t.equal(await readAll(backend), '1\n2\n3\n')
  t.equal(await readAll(backend, '*.jsonl'), '1\n2\n')
  t.equal(await readAll(backend, '**/*.jsonl'), '1\n2\n4\n')
  t.equal(await readAll(backend, join(directory, 'deeper', 'd.jsonl')), '4\n')
})

t.test('the directory is made when something is written, not before', async (t) => {
  const directory = join(t.testdir(), 'later')
  const backend = await openAt(t, directory)
  t.match(await backend.status(), { state: 'error', detail: /does not exist/ })
  t.notOk(existsSync(directory))
  await backend.write?.(chunksOf('x'), { operation: 'create', target: 'one/two' })
  t.same(readdirSync(join(directory, 'one')), ['two'])
})

t.test('a file that was not finished is neither listed nor read', async (t) => {
  const directory = t.testdir()
  writeFileSync(join(directory, '.ralph-x.partial'), 'half')
  const backend = await openAt(t, directory)
  for await (const _ of backend.list?.({}) ?? []) t.fail('listed')
  await t.rejects(readAll(backend, '.*'), { code: 'NOT_FOUND' })
})

t.test('links to files are listed as files; those to directories, and to nothing, are not', async (t) => {
  const directory = t.testdir({ 'a.jsonl': '1\n', deeper: {} })
  for (const [name, to] of [
    ['b', 'a.jsonl'],
    ['c', 'deeper'],
    ['d', 'nothing']
  ] as const) {
    symlinkSync(to, join(directory, name))
  }
  const backend = await openAt(t, directory)
  const names: string[] = []
  for await (const { id } of backend.list?.({}) ?? []) names.push(id)
  t.same(names, [join(directory, 'a.jsonl'), join(directory, 'b')])
})
