import { join } from 'node:path'
import t from 'tap'
import { until } from '../support/postgres.ts'
import { ralph, runserver } from '../support/ralph-process.ts'
import { aUser, writeUsers } from '../support/users.ts'

t.test('ralph auth keys makes, lists and revokes the keys of a running server', async (t) => {
  const directory = t.testdir()
  const authFile = join(directory, 'auth.json')
  await writeUsers(authFile, [await aUser('jane', 'secret'), await aUser('john', 'secret', { scopes: ['all/read'] })])
  const env = { RALPH_APP_DIR: directory, RALPH_AUTH_FILE: authFile }
  const server = await runserver(t, ['--host', '127.0.0.1'], { env })
  const ask = (words: readonly string[], user = 'jane') =>
    ralph(t, ['auth', 'keys', ...words, '--to', server.url, '--username', user, '--password', 'secret'], { env })

  const wanted = ['--label', 'nightly', '--scope', 'statements/read', '-A', 'nightly', 'https://example.org']
  const made = await ask(['create', ...wanted, '--address', '127.0.0.0/8', '--expires', '2999-01-01T00:00:00Z'])
  t.match(made, { code: 0, stdout: /^The key \w{16} \(nightly\)\. It is shown this once\.$/m })
  const [, key = ''] = /Bearer (\S+)$/m.exec(made.stdout) ?? []
  const [, id = ''] = /^The key (\w+)/.exec(made.stdout) ?? []
  const [, password = ''] = /password {2}(\S+)$/m.exec(made.stdout) ?? []
  const statusOf = async (authorization: string) =>
    (await fetch(`${server.url}/xAPI/statements`, { headers: { authorization } })).status
  t.equal(await statusOf(`Bearer ${key}`), 200)
  const listed = await ask(['list'])
  t.match(listed, { code: 0, stdout: new RegExp(`^${id} {2}nightly {2}statements/read .*expires 2999.*"nightly"`) })
  t.match(JSON.parse((await ask(['--json'])).stdout), { id, addresses: ['127.0.0.0/8'], madeBy: 'jane' })

  const read = ['read', '-b', 'lrs', '--lrs-base-url', server.url, '--lrs-username', `ralph_key_${id}`]
  t.match(await ralph(t, [...read, '--lrs-password', password], { env }), { code: 0 }, 'a program reads with it')

  t.match(await ask(['create', '--label', 'x']), { code: 2, stderr: /--scope/ })
  t.match(await ask(['create', '--label', 'x', '--scope', 'nothing']), { code: 1, stderr: /"scopes" must be a list/ })
  t.match(await ask(['list'], 'john'), { code: 1, stderr: /lack the scope all/ })
  t.match(await ask(['revoke', id]), { code: 0, stdout: `${id} revoked\n` })
  t.equal(await statusOf(`Bearer ${key}`), 401)
  t.match(await ask(['revoke', id]), { code: 1, stderr: /There is no key/ })
  await until(async () => server.log().includes('a key or token'))
  t.notMatch(`${server.log()}${listed.stdout}`, password)
  t.match(await server.stop(), { code: 0 })
})

t.test('a server that does not accept keys says so', async (t) => {
  const directory = t.testdir()
  const authFile = join(directory, 'auth.json')
  await writeUsers(authFile, [await aUser('jane', 'secret')])
  const env = { RALPH_APP_DIR: directory, RALPH_AUTH_FILE: authFile, RALPH_RUNSERVER_AUTH_BACKENDS: 'basic' }
  const server = await runserver(t, ['--host', '127.0.0.1'], { env })
  const words = ['auth', 'keys', '--to', server.url, '--username', 'jane', '--password', 'secret']
  t.match(await ralph(t, words, { env }), { code: 1, stderr: /accepts no keys: RALPH_RUNSERVER_AUTH_BACKENDS/ })
  t.match(await server.stop(), { code: 0 })
})
