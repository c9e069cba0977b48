import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { BackendStatus, LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { RalphError } from '../../src/errors.ts'
import { buildServer } from '../../src/http/server.ts'
import { openAuthenticators } from '../../src/identity/authenticators.ts'
import { basic, settingsWith } from '../support/lrs.ts'
import { writeAuthFile } from '../support/lrs-users.ts'
import { identitySettings } from '../support/users.ts'

const secret = 'engine-7.internal:9200'

/** A server whose store is unreachable, and that notes whenever the store is asked for anything. */
const startWithoutStore = async (t: Test, status: BackendStatus) => {
  const asked: string[] = []
  const log: string[] = []
  const backend: LrsBackend = {
    store: () => {
      asked.push('store')
      return Promise.reject(new RalphError('STORE_UNAVAILABLE', `${secret} does not answer`, { host: secret }))
    },
    status: async () => {
      asked.push('status')
      return status
    },
    close: async () => {}
  }
  const authFile = join(t.testdir({}), 'auth.json')
  writeAuthFile(authFile, '')
  const logger = pino({ level: 'warn', base: null }, { write: (line: string) => log.push(line) })
  const authenticators = await openAuthenticators(identitySettings(authFile), {
    clock: () => Date.now() * 1000,
    log: logger,
    onRefused: () => {}
  })
  const server = await buildServer({
    settings: settingsWith({}),
    backend,
    authenticators,
    logger,
    newId: randomUUID,
    version: '1.2.3'
  })
  t.teardown(() => server.close())
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { 'x-experience-api-version': '1.0.3', ...init.headers } })
  return { ask, asked, log }
}

const away = { state: 'away', detail: `nothing listens at ${secret}` } as const

t.test('field B2: nobody unknown makes the store work, and a wrong password is 401 with the store away', async (t) => {
  const { ask, asked } = await startWithoutStore(t, away)
  const form = (fields: Record<string, string>) => ({
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString()
  })
  const attempts: readonly (readonly [string, RequestInit])[] = [
    ['/xAPI/statements', {}],
    ['/xAPI/statements', { headers: { authorization: basic('janedoe', 'wrong') } }],
    ['/xAPI/statements', { headers: { authorization: basic('mallory', 'wrong') } }],
    ['/xAPI/statements', { method: 'POST', body: '[]', headers: { 'content-type': 'application/json' } }],
    ['/xAPI/statements', { method: 'DELETE' }],
    ['/xAPI/statements?method=GET', form({})],
    ['/xAPI/statements?method=POST', form({ content: '[]', Authorization: basic('janedoe', 'wrong') })],
    ['/xAPI/agents', {}],
    ['/xAPI/activities/state', {}],
    ['/whoami', {}]
  ]
  for (const [path, init] of attempts) {
    const answer = await ask(path, init)
    t.equal(answer.status, 401, `${init.method ?? 'GET'} ${path}`)
    if (path.startsWith('/xAPI/statements')) {
      t.equal(answer.headers.get('x-experience-api-consistent-through'), '1970-01-01T00:00:00.000000Z', path)
    }
  }
  t.equal((await ask('/xAPI/statements', { method: 'PROPFIND' })).status, 405)
  for (const path of ['/xAPI/about', '/xAPI/nothing', '/openapi.json', '/__lbheartbeat__']) await ask(path)
  t.same(asked, [])
  const right = await ask('/xAPI/statements', { headers: { authorization: basic('janedoe') } })
  t.equal(right.status, 503)
  t.same(asked, ['store'])
})

t.test('field B2: a flood of heartbeats asks the store once in a second', async (t) => {
  const { ask, asked } = await startWithoutStore(t, away)
  const began = performance.now()
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask('/__heartbeat__')))
  t.ok(answers.every(({ status }) => status === 503))
  const seconds = (performance.now() - began) / 1000
  t.ok(asked.length <= 1 + seconds, `${asked.length} in ${seconds} s`)
})

t.test('field E9: hosts and ports of the store are in the log, and in no answer', async (t) => {
  const { ask, log } = await startWithoutStore(t, away)
  const heartbeat = await ask('/__heartbeat__')
  t.same(await heartbeat.json(), { database: 'away', detail: 'the log of the server has more' })
  const answer = await ask('/xAPI/statements', { headers: { authorization: basic('janedoe') } })
  const body = await answer.text()
  t.notMatch(body, /engine-7|9200/)
  t.match(JSON.parse(body), {
    error: 'STORE_UNAVAILABLE',
    message: 'The store is unreachable. The log of the server has more.',
    requestId: String
  })
  t.match(log, [/nothing listens at engine-7.internal:9200/, /engine-7.internal:9200 does not answer/])
})

t.test(
  'a hint, which names no host, is told to anybody: a yellow status, and the setting that allows it',
  async (t) => {
    const { ask } = await startWithoutStore(t, { state: 'error', detail: `${secret} is yellow`, hint: 'it is yellow' })
    t.same(await (await ask('/__heartbeat__')).json(), { database: 'error', detail: 'it is yellow' })
  }
)
