import { join } from 'node:path'
import t, { type Test } from 'tap'
import { basic } from '../support/lrs.ts'
import { runserver } from '../support/ralph-process.ts'
import { aUser } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret')
const authorization = basic('jane', 'supersecret')

const start = async (t: Test, ...words: readonly string[]) => {
  const cwd = t.testdir({ app: { 'auth.json': JSON.stringify([jane]) } })
  const server = await runserver(t, ['-h', '127.0.0.1', ...words], { cwd, env: { RALPH_APP_DIR: join(cwd, 'app') } })
  const ask = (path: string) => fetch(`${server.url}${path}`, { headers: { authorization } })
  return { ...server, ask }
}

t.test('field D11: whoever looks at the log sees start, requests and stop, and no health checks', async (t) => {
  const { ask, stop, log } = await start(t, '--log-format', 'text')
  await ask('/xAPI/statements?agent=%7B%22mbox%22%3A%22mailto:bob@example.org%22%7D')
  await ask('/xAPI/nothing%1b')
  for (const path of ['/__lbheartbeat__', '/__heartbeat__']) await ask(path)
  await stop()
  const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} `
  const lines = [
    'INFO     Ralph listens on .*',
    String.raw`INFO     127\.0\.0\.1 jane GET /xAPI/statements 200 [\d.]+ ms`,
    String.raw`INFO     127\.0\.0\.1 - GET /xAPI/nothing%1b 404 [\d.]+ ms`,
    'INFO     SIGTERM: finishing what is in flight',
    'INFO     Ralph has stopped'
  ]
  t.match(log(), new RegExp(`^${lines.map((line) => `${time}${line}\n`).join('')}$`))
  t.notMatch(log(), /bob/, 'parameters may name a person')
})

t.test('field D11: beyond 20 in a second requests are counted, unless all are wanted, or none', async (t) => {
  for (const [choice, least, most] of [
    ['some', 20, 90],
    ['all', 100, 100],
    ['none', 0, 0]
  ] as const) {
    const { ask, stop, log } = await start(t, '--access-log', choice)
    await Promise.all(Array.from({ length: 100 }, () => ask('/whoami')))
    await stop()
    const records = log()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const answered = records.filter(({ msg }) => msg === 'answered')
    t.ok(answered.length >= least && answered.length <= most, `${choice}: ${answered.length}`)
    const counted = records.filter(({ event }) => event === 'answered').reduce((sum, { count }) => sum + count, 0)
    if (choice !== 'none') t.equal(answered.length + counted, 100, `${choice}: every one is counted`)
    for (const line of answered) {
      t.match(line, { level: 'info', method: 'GET', path: '/whoami', status: 200, user: 'jane', remote: '127.0.0.1' })
    }
  }
})
