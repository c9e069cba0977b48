import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { openRegistry } from '../../src/registry/open.ts'
import { loadRegistry } from '../../src/settings/registry.ts'
import { testRegistry } from '../contracts/registry.ts'
import { ralph } from '../support/ralph-process.ts'
import { sourcesOf } from '../support/settings-of.ts'

const open = (file: string, bucket = 'ralph') =>
  openRegistry(
    loadRegistry(
      sourcesOf({
        environment: {
          RALPH_REGISTRY__PROVIDER: 'boltdb',
          RALPH_REGISTRY__ENDPOINTS: file,
          RALPH_REGISTRY__BUCKET: bucket
        }
      }),
      '/nowhere'
    ),
    () => Date.now() * 1000
  )

t.test('boltdb', async (t) => {
  let files = 0
  const directory = t.testdir()
  let file = ''
  await testRegistry(t, {
    // One process, and one registry in it: each test has a file of its own.
    open: async () => {
      files += 1
      file = join(directory, `${files}.db`)
      return open(file)
    },
    watches: false,
    ttl: 300,
    slack: 500
  })
  const [registry, other] = [await open(file, 'other'), undefined]
  await t.rejects(registry.list(''), { code: 'KEY_NOT_FOUND' }, 'a bucket sees nothing of another')
  await registry.close()
  t.equal(other, undefined)
})

t.test('a second process is told who has the file, and what a killed one has written is there', async (t) => {
  const file = join(t.testdir(), 'registry.db')
  const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)))
  const program = `
    const { openLocal } = await import(${source('registry/local.ts')})
    const registry = openLocal({ endpoints: [${JSON.stringify(file)}], bucket: 'ralph' }, () => Date.now() * 1000)
    await registry.put('a', Buffer.from('kept'))
    console.log('put')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  await once(child.stdout, 'data')
  await t.rejects(open(file), { code: 'STORE_IN_USE', message: new RegExp(file) })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const registry = await open(file)
  t.equal(Buffer.from((await registry.get('a')).value).toString(), 'kept')
  await registry.close()
})

t.test('a file that cannot be one is named', async (t) => {
  const file = join(t.testdir(), 'registry.db')
  writeFileSync(file, 'BoltDB, perhaps: this is not a file of SQLite, and long enough for one to see it.'.repeat(20))
  await t.rejects(open(file), { code: 'REGISTRY_UNREACHABLE', message: new RegExp(file) })
})

t.test('ralph kv has a registry without any setting', async (t) => {
  const env = { RALPH_APP_DIR: t.testdir() }
  const kv = (words: readonly string[], input?: string) =>
    ralph(t, ['kv', ...words], { env, ...(input === undefined ? {} : { input }) })
  t.match(await kv(['get', 'a']), { code: 3, stdout: '', stderr: /there is no key a/ })
  t.match(await kv(['exists', 'a']), { code: 3, stdout: 'false\n' })
  t.match(await kv(['put', 'a/b', 'text']), { code: 0, stdout: '', stderr: '' })
  t.match(await kv(['put', 'a/c'], 'from\nstandard input'), { code: 0 })
  t.match(await kv(['get', 'a/c']), { code: 0, stdout: 'from\nstandard input' })
  t.match(await kv(['list']), { code: 0, stdout: 'a/b\na/c\n' })
  const { lastIndex }: { lastIndex: number } = JSON.parse((await kv(['get', '--json', 'a/b'])).stdout)
  t.match(await kv(['atomic-put', 'a/b', 'x']), { code: 4, stderr: /is there already/ })
  const replaced = await kv(['atomic-put', '--previous', String(lastIndex), 'a/b', 'next'])
  t.match(JSON.parse(replaced.stdout), { key: 'a/b', value: 'next' })
  t.match(await kv(['atomic-delete', 'a/b']), { code: 2, stderr: /say which value/ })
  t.match(await kv(['atomic-delete', '--previous', String(lastIndex), 'a/b']), { code: 4 })
  t.match(await kv(['delete-tree', 'a']), { code: 0 })
  t.match(await kv(['list', 'a']), { code: 3 })
  t.match(await kv(['watch', 'a']), { code: 2, stderr: /boltdb is a file of one process and has no Watch/ })
  t.match(await kv(['lock', 'a', '--', 'true']), { code: 2, stderr: /no NewLock/ })
  t.match(await kv(['lock', 'a']), { code: 2, stderr: /needs a command/ })
  t.match(await kv(['put', '--ttl', 'never', 'a', 'b']), { code: 2, stderr: /expected a duration/ })
  t.match(await kv(['--registry-provider', 'redis', 'get', 'a']), { code: 2, stderr: /--registry-provider is "redis"/ })
})
