import { join } from 'node:path'
import t from 'tap'
import { aFreePort, startAnswering } from '../support/answering.ts'
import { until } from '../support/postgres.ts'
import { ralph, runserver } from '../support/ralph-process.ts'
import { aStatement } from '../support/statements.ts'
import { aUser, writeUsers } from '../support/users.ts'

t.test('ralph forwardings and ralph doctor say what becomes of forwardings', async (t) => {
  let isStrict = true
  const receiver = await startAnswering(t, ({ body }) =>
    isStrict && body !== '[]' ? { status: 400, body: { message: 'not like this' } } : { body: [] }
  )
  const away = `http://127.0.0.1:${await aFreePort()}/xAPI/statements`
  const forwardings = [
    { url: `${receiver.url}/xAPI/statements`, name: 'there', basic_username: 'x', basic_password: 'PASSWORD-THERE' },
    { url: away, name: 'away', max_retries: 0, is_active: true },
    { url: away, name: 'resting', is_active: false }
  ]
  const directory = t.testdir()
  const authFile = join(directory, 'auth.json')
  await writeUsers(authFile, [await aUser('jane', 'secret'), await aUser('john', 'secret', { scopes: ['all/read'] })])
  const env = {
    RALPH_APP_DIR: directory,
    RALPH_AUTH_FILE: authFile,
    RALPH_XAPI_FORWARDINGS: JSON.stringify(forwardings)
  }

  const doctor = await ralph(t, ['doctor'], { env })
  t.match(doctor.stdout, /^error +part forwarding: away: http:\/\/127.*: nothing listens there$/m)

  const server = await runserver(t, ['--host', '127.0.0.1'], { env })
  const client = { env: { RALPH_APP_DIR: directory } }
  const ask = (words: readonly string[], user = 'jane') =>
    ralph(t, ['forwardings', ...words, '--to', server.url, '--username', user, '--password', 'secret'], client)
  const { authority: _, ...statement } = aStatement()
  const answer = await fetch(`${server.url}/xAPI/statements`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from('jane:secret').toString('base64')}`,
      'content-type': 'application/json',
      'x-experience-api-version': '1.0.3'
    },
    body: JSON.stringify(statement)
  })
  t.equal(answer.status, 200)
  const heartbeat = async () => JSON.parse(await (await fetch(`${server.url}/__heartbeat__`)).text())
  await until(async () => /away waits.*|there has/.test((await heartbeat()).detail ?? ''))
  await until(async () => / 1 dead letters/.test((await ask(['list'])).stdout))
  await until(async () => /^trouble {2}away/m.test((await ask(['list'])).stdout))

  const listed = await ask(['list', '--json'])
  t.equal(listed.code, 1)
  t.match(
    listed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { name: 'there', state: 'ok', deadLetters: 1, lag: 0 },
      { name: 'away', state: 'trouble', detail: /nothing listens there/, oldestUndelivered: /Z$/ },
      { name: 'resting', state: 'inactive' }
    ]
  )
  t.match(await ask(['dead-letters', 'there']), {
    code: 0,
    stdout: new RegExp(`^${statement.id} .*400: not like this\n$`)
  })
  t.match(await ask(['replay', 'there']), { code: 1, stdout: /^0 delivered, 1 refused again\n/ })
  isStrict = false
  t.match(await ask(['replay', 'there', statement.id]), { code: 0, stdout: '1 delivered, 0 refused again\n' })
  t.match(await ask(['discard', 'there', statement.id]), { code: 0, stdout: '0 discarded\n' })
  t.match(await ask(['replay', 'nobody']), { code: 1, stderr: /There is no forwarding "nobody"/ })
  t.match(await ask(['list'], 'john'), { code: 1, stderr: /lack the scope all/ })
  t.match(await heartbeat(), {
    forwarding: 'degraded',
    detail: /forwarding: away is waiting, statements are forwarded later/
  })
  t.notMatch(`${server.log()}${listed.stdout}${doctor.stdout}`, /PASSWORD-THERE/)
  t.match(await server.stop(), { code: 0 })
})
