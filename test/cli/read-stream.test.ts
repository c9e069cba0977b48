import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../support/postgres.ts'
import { runserver, startRalph } from '../support/ralph-process.ts'
import { aStatement } from '../support/statements.ts'
import { aUser, writeUsers } from '../support/users.ts'

t.test('ralph read -b ws reads the stream of a server, one statement a line', async (t) => {
  const directory = t.testdir()
  const authFile = join(directory, 'auth.json')
  await writeUsers(authFile, [await aUser('jane', 'secret')])
  const env = { RALPH_APP_DIR: directory, RALPH_AUTH_FILE: authFile }
  const server = await runserver(t, ['--host', '127.0.0.1'], { env })
  const uri = `${server.url.replace('http://', 'ws://jane:secret@')}/xAPI/statements/stream?since=2020-01-01T00:00:00Z`
  const reader = startRalph(t, ['read', '-b', 'ws', '--ws-uri', uri], { env })
  let text = ''
  reader.stdout?.on('data', (chunk) => {
    text += chunk
  })
  const statements = Array.from({ length: 3 }, () => aStatement())
  const store = async (batch: readonly object[]): Promise<number> => {
    const answer = await fetch(`${server.url}/xAPI/statements`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('jane:secret').toString('base64')}`,
        'content-type': 'application/json'
      },
      body: JSON.stringify(batch)
    })
    return answer.status
  }
  t.equal(await store(statements.slice(0, 2)), 200)
  await until(async () => text.split('\n').length === 3)
  t.equal(await store(statements.slice(2)), 200)
  await until(async () => text.split('\n').length === 4)
  t.strictSame(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id),
    statements.map(({ id }) => id)
  )
  const ended = once(reader, 'close')
  t.match(await server.stop(), { code: 0 })
  await ended
  t.not(reader.exitCode, null, 'the reader ends with the server')
})
