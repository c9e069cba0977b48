import { execFile } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { idsInHistory, openHistory } from '../../src/toolbox/history.ts'

const at = Date.UTC(2026, 10, 21, 11, 12, 8, 123) * 1000 + 456
const clock = (): number => at

t.test('what Ralph 5 has written is read: every backend has `action`, that of OVH `command`', async (t) => {
  const path = join(t.testdir(), 'history.json')
  // As Ralph 5.1 writes it, with the separators of Python.
  writeFileSync(
    path,
    '[{"backend": "fs", "action": "read", "id": "/tmp/a", "filename": "a", "size": 3, "timestamp": "2026-11-21T11:12:08.123456+00:00"}, ' +
      '{"backend": "fs", "action": "write", "id": "/tmp/b", "filename": "b", "size": 3, "timestamp": "2026-11-21T11:12:08.123456+00:00"}, ' +
      '{"backend": "ldp", "command": "read", "id": "stream/archive", "filename": null, "size": 1, "timestamp": "2026-11-21T11:12:08.123456+00:00"}]'
  )
  t.same(await idsInHistory(path, 'fs', 'read'), new Set(['/tmp/a']))
  t.same(await idsInHistory(path, 'fs', 'write'), new Set(['/tmp/b']))
  t.same(await idsInHistory(path, 'ldp', 'read'), new Set(['stream/archive']))
  t.same(await idsInHistory(path, 's3', 'read'), new Set())
})

t.test('what is noted has the form of Ralph 5, behind what was there', async (t) => {
  const path = join(t.testdir(), 'new', 'history.json')
  const fs = openHistory({ path, backend: 'fs', clock })
  fs.add('read', { historyId: '/tmp/a', size: 3, details: { filename: 'a' } })
  await fs.flush()
  const ldp = openHistory({ path, backend: 'ldp', clock })
  ldp.add('read', { historyId: 'stream/archive', size: 5 })
  await ldp.flush()
  const timestamp = '2026-11-21T11:12:08.123456+00:00'
  t.strictSame(JSON.parse(readFileSync(path, 'utf8')), [
    { backend: 'fs', action: 'read', id: '/tmp/a', filename: 'a', size: 3, timestamp },
    { backend: 'ldp', command: 'read', id: 'stream/archive', size: 5, timestamp }
  ])
})

t.test('no file is an empty history, and reading one makes none', async (t) => {
  const path = join(t.testdir(), 'history.json')
  t.same(await idsInHistory(path, 'fs', 'read'), new Set())
  t.notOk(existsSync(path))
  writeFileSync(path, '')
  t.same(await idsInHistory(path, 'fs', 'read'), new Set())
})

t.test('a malformed history is refused, and never written over', async (t) => {
  for (const text of ['{"backend"', '{}', '[1]', 'null']) {
    const path = join(t.testdir({ 'history.json': text }), 'history.json')
    await t.rejects(idsInHistory(path, 'fs', 'read'), { code: 'INVALID_INPUT', message: /history\.json is no / })
    const history = openHistory({ path, backend: 'fs', clock })
    history.add('read', { historyId: 'x', size: 1 })
    await t.rejects(history.flush(), { code: 'INVALID_INPUT' })
    t.equal(readFileSync(path, 'utf8'), text)
  }
})

t.test('a link to the history stays a link', async (t) => {
  const directory = t.testdir({ real: { 'history.json': '[]' } })
  const link = join(directory, 'history.json')
  symlinkSync(join(directory, 'real', 'history.json'), link)
  const history = openHistory({ path: link, backend: 'fs', clock })
  history.add('write', { historyId: 'x', size: 1 })
  await history.flush()
  t.ok(lstatSync(link).isSymbolicLink())
  t.same(await idsInHistory(link, 'fs', 'write'), new Set(['x']))
})

t.test('processes that write it at the same time lose nothing, and leave nothing behind', async (t) => {
  const directory = t.testdir()
  const path = join(directory, 'history.json')
  const writer = fileURLToPath(new URL('../support/history-writer.ts', import.meta.url))
  const names = ['a', 'b', 'c']
  const run = promisify(execFile)
  await Promise.all(names.map((name) => run(process.execPath, [writer, path, name, '20'])))
  const expected = names.flatMap((name) => Array.from({ length: 20 }, (_, index) => `${name}-${index}`))
  t.same([...(await idsInHistory(path, 'fs', 'read'))].sort(), expected.sort())
  t.same(readdirSync(directory).sort(), ['history.json', 'history.json.lock'])
})
