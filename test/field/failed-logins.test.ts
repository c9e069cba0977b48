import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { sourceOf } from '../../src/http/source.ts'
import { createLoginQueue } from '../../src/identity/login-queue.ts'
import { basic, startLrs } from '../support/lrs.ts'
import { runserver } from '../support/ralph-process.ts'
import { aUser } from '../support/users.ts'

/** Ever new wrong passwords over many connections, as fast as they are answered, until it is told to stop. */
const flood = (url: string, username: string, connections: number, headers: Record<string, string> = {}) => {
  const statuses = new Map<number, number>()
  let isOver = false
  let guesses = 0
  const attack = async (): Promise<void> => {
    while (!isOver) {
      const authorization = basic(username, `guess ${guesses++}`)
      const { status } = await fetch(`${url}/whoami`, { headers: { ...headers, authorization } })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  const attacks = Array.from({ length: connections }, attack)
  return {
    statuses,
    stop: async () => {
      isOver = true
      await Promise.all(attacks)
    }
  }
}

/** A comparison that takes as long as one of bcrypt. */
const slowly = async (): Promise<boolean> => {
  await wait(20)
  return true
}

const floodedLrs = async (t: Test) => {
  const lrs = await startLrs(t, {
    settings: { trustProxy: true },
    authentication: {
      queue: { atOnce: 1, waiting: 8 },
      compare: async (password) => (await slowly()) && !password.startsWith('guess')
    }
  })
  const url = `http://127.0.0.1:${lrs.port}`
  const login = async (username: string, source: string): Promise<number> => {
    const headers = { authorization: basic(username), 'x-forwarded-for': source }
    return (await fetch(`${url}/whoami`, { headers })).status
  }
  return { lrs, url, login }
}

t.test('field B6: a flood from one source leaves others their first login', async (t) => {
  const { url, login } = await floodedLrs(t)
  const attack = flood(url, 'janedoe', 40, { 'x-forwarded-for': '192.0.2.66' })
  while (!attack.statuses.has(503)) await wait(5)
  for (const username of ['janedoe', 'john', 'reader', 'writer'])
    t.equal(await login(username, '192.0.2.1'), 200, username)
  await attack.stop()
})

t.test('field B6: a flood against one user leaves others of the same source their first login', async (t) => {
  const { url, login } = await floodedLrs(t)
  const attack = flood(url, 'janedoe', 40, { 'x-forwarded-for': '192.0.2.66' })
  while (!attack.statuses.has(503)) await wait(5)
  for (const username of ['john', 'reader', 'writer']) t.equal(await login(username, '192.0.2.66'), 200, username)
  await attack.stop()
})

t.test('field B6: turns go round by source and user; a full queue refuses whoever fills it most', async (t) => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const inTurn = createLoginQueue({ atOnce: 1, waiting: 4 })
  const served: string[] = []
  const claim = (source: string, username: string) =>
    inTurn({ source, username, known: true }, async () => {
      served.push(`${source} ${username}`)
      await held
    }).catch(() => served.push(`${source} ${username} refused`))
  const all = [
    claim('a', 'first'),
    claim('a', 'x'),
    claim('a', 'x'),
    claim('a', 'x'),
    claim('a', 'x'),
    claim('b', 'y'),
    claim('a', 'z'),
    claim('a', 'x')
  ]
  await wait(1)
  t.same(served, ['a first', 'a x refused', 'a x refused', 'a x refused'])
  release()
  await Promise.all(all)
  t.same(served.slice(4), ['a x', 'b y', 'a z', 'a x'])
})

t.test('a source is an IPv4 address, or the network of an IPv6 address', async (t) => {
  t.equal(sourceOf('192.0.2.1'), '192.0.2.1')
  t.equal(sourceOf('::ffff:192.0.2.1'), '192.0.2.1')
  t.equal(sourceOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  t.equal(sourceOf('2001:db8:1:2::9'), '2001:db8:1:2::/64')
  t.equal(sourceOf('2001:db8::9'), '2001:db8:0:0::/64')
  t.equal(sourceOf('::1'), '0:0:0:0::/64')
  t.equal(sourceOf('fe80::1%eth0'), 'fe80:0:0:0::/64')
})

t.test('field B6, D11: failed logins are in the log of a running server: a few, and how many more', async (t) => {
  const cwd = t.testdir({ 'auth.json': JSON.stringify([await aUser('jane', 'supersecret')]) })
  const env = { RALPH_APP_DIR: join(cwd) }
  const server = await runserver(t, ['-h', '127.0.0.1', '--log-format', 'text', '--access-log', 'none'], { cwd, env })
  const attack = flood(server.url, 'jane\u009b', 50)
  const enough = 500
  while ([...attack.statuses.values()].reduce((sum, each) => sum + each, 0) < enough) await wait(10)
  await attack.stop()
  await server.stop()
  const lines = server.log().split('\n')
  t.ok(lines.length < 60, `${lines.length} lines for more than ${enough} requests`)
  const each = lines.filter((line) => line.endsWith('INFO     Login failed: "jane\\u009b" from 127.0.0.1'))
  t.ok(each.length >= 10, 'the first ones are a line each')
  t.match(server.log(), /INFO {5}\d+ more logins failed: \d+ from 127\.0\.0\.1\n/)
  t.notMatch(server.log(), /guess/)
})
