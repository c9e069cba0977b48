import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { RalphError } from '../../src/errors.ts'
import { buildServer } from '../../src/http/server.ts'
import { isTimestamp } from '../../src/validation/formats/timestamp.ts'
import { basic, settingsWith } from '../support/lrs.ts'
import { agentOf } from '../support/lrs-users.ts'

/** A server whose store fails in a way that no store should. */
const failingWith = async (t: Test, failure: unknown) => {
  const log: string[] = []
  const backend: LrsBackend = {
    store: () => Promise.reject(failure),
    status: async () => ({ state: 'away', detail: 'start the engine' }),
    close: async () => {}
  }
  const principal = { username: 'janedoe', scopes: ['all'], agent: agentOf('janedoe') } as const
  const server = await buildServer({
    settings: settingsWith({}),
    backend,
    authenticators: {
      challenges: [],
      authenticate: async () => principal,
      announce: () => {},
      health: async () => ({ state: 'ok' }),
      close: () => {}
    },
    logger: pino({ level: 'warn', base: null }, { write: (line: string) => log.push(line) }),
    newId: randomUUID,
    version: '1.2.3'
  })
  t.teardown(() => server.close())
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const get = (path: string) => fetch(`${url}${path}`, { headers: { authorization: basic('janedoe') } })
  return { get, log }
}

t.test(
  'ruling 23: a defect is 500 with all headers, an id to find it by in the log, and nothing of its cause',
  async (t) => {
    const { get, log } = await failingWith(t, new Error('password=hunter2 at /home/ralph'))
    const answer = await get('/xAPI/statements')
    t.equal(answer.status, 500)
    t.equal(answer.headers.get('x-experience-api-version'), '1.0.3')
    t.ok(isTimestamp(answer.headers.get('x-experience-api-consistent-through') ?? ''))
    const { error, message, detail, requestId, ...others } = JSON.parse(await answer.text())
    t.equal(error, 'INTERNAL')
    t.notMatch(message, /hunter2|home/)
    t.equal(detail, message, 'for clients of Python Ralph')
    t.same(others, {})
    t.equal(log.length, 1)
    t.match(JSON.parse(log[0] ?? ''), { reqId: requestId, err: { message: /hunter2/ } }, 'the log has it all')
  }
)

t.test('a store that is unreachable promises that nothing is visible, and says when to come back', async (t) => {
  const { get } = await failingWith(t, new RalphError('STORE_UNAVAILABLE', 'The engine is away.', { retryAfter: 7 }))
  const answer = await get('/xAPI/statements')
  t.equal(answer.status, 503)
  t.equal(answer.headers.get('retry-after'), '7')
  t.equal(answer.headers.get('x-experience-api-consistent-through'), '1970-01-01T00:00:00.000000Z')
  const heartbeat = await get('/__heartbeat__')
  t.equal(heartbeat.status, 503)
  t.match(await heartbeat.json(), { database: 'away' })
  t.equal((await get('/__lbheartbeat__')).status, 200, 'the server itself is well')
})
