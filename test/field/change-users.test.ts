import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { ralph, runserver } from '../support/ralph-process.ts'
import { aUser } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret')
const joe = await aUser('joe', 'secret', { scopes: ['statements/read'], target: 'course' })

t.test('an admin changes, disables, lists and removes users while the server runs', async (t) => {
  const cwd = t.testdir({ 'auth.json': JSON.stringify([jane, joe]) })
  const env = { RALPH_APP_DIR: cwd }
  const auth = (...words: readonly string[]) => ralph(t, ['auth', ...words], { cwd, env })
  const server = await runserver(t, ['-h', '127.0.0.1'], { cwd, env })
  const ask = async (username: string, password: string): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    return (await fetch(`${server.url}/whoami`, { headers: { authorization } })).status
  }
  /** The server looks at the file once a second. */
  const becomes = async (status: number, username: string, password: string): Promise<void> => {
    for (const end = performance.now() + 20_000; (await ask(username, password)) !== status; await wait(50)) {
      if (performance.now() > end) throw new Error(`${username} never got ${status}`)
    }
  }
  await becomes(200, 'jane', 'supersecret')

  t.match(await auth('password', 'jane', '--password', 'new secret'), { code: 0 })
  await becomes(200, 'jane', 'new secret')
  t.equal(await ask('jane', 'supersecret'), 401)

  t.match(await auth('disable', 'joe'), { code: 0, stderr: /User joe is disabled in: .*auth\.json/ })
  await becomes(401, 'joe', 'secret')
  const { stdout } = await auth('list')
  t.match(
    stdout,
    /^jane {2}enabled {3}all {2}\{.*\}\njoe {3}disabled {2}statements\/read {2}target course {2}\{.*\}\n$/
  )
  t.notMatch(stdout, /\$2b\$/)
  t.match(await auth('enable', 'joe'), { code: 0 })
  await becomes(200, 'joe', 'secret')

  t.match(await auth('remove', 'joe'), { code: 0 })
  await becomes(401, 'joe', 'secret')
  t.equal(JSON.parse(readFileSync(join(cwd, 'auth.json'), 'utf8')).length, 1)
  t.match(await auth('remove', 'joe'), { code: 1, stderr: /has no user "joe"; it has: jane\n$/ })
})

t.test('an admin who makes a user of the demo changes no file of the project', async (t) => {
  const shipped = readFileSync('.ralph/auth.json', 'utf8')
  const cwd = t.testdir({ '.ralph': { 'auth.json': shipped } })
  const words = ['-u', 'teacher', '-p', 'secret', '-s', 'all', '-M', 'mailto:teacher@example.org', '-w']
  const made = await ralph(t, ['auth', ...words, '--auth-file', '.ralph/auth.json'], { cwd })
  t.match(made, { code: 0, stderr: /User teacher has been added to: .*auth\.local\.json\n$/ })
  t.equal(readFileSync(join(cwd, '.ralph', 'auth.json'), 'utf8'), shipped)

  const server = await runserver(t, ['--demo'], { cwd })
  for (const [user, status] of [
    ['teacher:secret', 200],
    ['janedoe:supersecret', 200],
    ['teacher:supersecret', 401]
  ] as const) {
    const authorization = `Basic ${Buffer.from(user).toString('base64')}`
    t.equal((await fetch(`${server.url}/whoami`, { headers: { authorization } })).status, status, user)
  }
})
