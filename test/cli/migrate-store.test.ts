import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { sampleStatements } from '../../src/sample/index.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { ralph } from '../support/ralph-process.ts'
import { aBatch, anActivity } from '../support/statements.ts'

const fill = async (directory: string, target?: string): Promise<void> => {
  const backend = openSqlite(
    { directory },
    contextOf(t, () => Date.now() * 1000, directory)
  )
  const store = await backend.store(target)
  const statements = [...sampleStatements({ count: 300, seed: 2, version: '1.0.3' })] as Statement[]
  await store.statements.insert(aBatch(...statements))
  const key = { kind: 'activity-profile', activity: anActivity('course').id, id: 'profile' } as const
  await store.documents.change(key, () => ({ content: Buffer.from('{}'), contentType: 'application/json' }))
  await backend.close()
}

t.test('ralph migrate-store copies there and back, and prints the same digests', async (t) => {
  const [first, second, third] = ['first', 'second', 'third'].map((name) => join(t.testdir(), name)) as [
    string,
    string,
    string
  ]
  await fill(first)
  const there = await ralph(t, [
    'migrate-store',
    ...['--from', 'sqlite', '--sqlite-directory-path', first],
    ...['--to', 'fs', '--fs-default-directory-path', second]
  ])
  t.equal(there.code, 0, there.stderr)
  const report = JSON.parse(there.stdout)
  t.match(report, { target: null, statements: 300, documents: 1 })
  t.equal(readFileSync(join(second, 'fs_lrs.jsonl'), 'utf8').trimEnd().split('\n').length, 300)
  const back = await ralph(t, [
    'migrate-store',
    ...['--from', 'fs', '--fs-default-directory-path', second],
    ...['--to', 'sqlite', '--sqlite-directory-path', third]
  ])
  t.equal(back.code, 0, back.stderr)
  t.same(JSON.parse(back.stdout), report)
  const again = await ralph(t, [
    'migrate-store',
    ...['--from', 'fs', '--fs-default-directory-path', second],
    ...['--to', 'sqlite', '--sqlite-directory-path', third]
  ])
  t.same(JSON.parse(again.stdout), report, 'a second time changes nothing')
})

t.test("ralph migrate-store copies users' targets that are named, one after the other", async (t) => {
  const directory = t.testdir()
  await fill(directory, 'school')
  const backend = openSqlite(
    { directory },
    contextOf(t, () => Date.now() * 1000, directory)
  )
  await backend.store('empty')
  await backend.close()
  const { code, stdout } = await ralph(t, [
    ...['migrate-store', '--from', 'sqlite', '--sqlite-directory-path', directory],
    ...['--to', 'fs', '--fs-default-directory-path', join(directory, 'fs'), '-t', 'school', '--target', 'empty']
  ])
  t.equal(code, 0)
  const reports = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(reports, [
    { target: 'school', statements: 300 },
    { target: 'empty', statements: 0 }
  ])
})

t.test('ralph migrate-store refuses what it cannot do, in one line', async (t) => {
  const directory = t.testdir()
  const from = ['--from', 'sqlite', '--sqlite-directory-path', directory]
  const same = await ralph(t, ['migrate-store', ...from, '--to', 'sqlite'])
  t.match(same, { code: 2, stderr: /must be different/ })
  const unknown = await ralph(t, ['migrate-store', ...from, '--to', 'oracle'])
  t.match(unknown, { code: 2, stderr: /There is no backend "oracle"/ })
  const wrong = await ralph(t, ['migrate-store', ...from, '--to', 'fs', '--target', '../x'])
  t.match(wrong, { code: 2, stderr: /cannot be a target/ })
  const missing = await ralph(t, ['migrate-store', ...from])
  t.match(missing, { code: 2, stderr: /--to/ })
})
