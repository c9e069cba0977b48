import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { MongoServerError } from 'mongodb'
import pg from 'pg'
import t, { type Test } from 'tap'
import * as mongo from '../../src/backends/mongo/errors.ts'
import * as postgres from '../../src/backends/postgres/errors.ts'
import type { RalphError } from '../../src/errors.ts'
import { engineFor, missingEngine } from '../support/engines/engine-for.ts'
import { ralph } from '../support/ralph-process.ts'

const endsAtOnce = async (
  t: Test,
  name: string,
  setting: RegExp,
  env: Readonly<Record<string, string>>
): Promise<void> => {
  const { code, stderr } = await ralph(t, ['runserver', '--host', '127.0.0.1', '--port', '0', '-b', name], {
    env: { RALPH_APP_DIR: t.testdir(), RALPH_AUTH_FILE: resolve('.ralph/auth.json'), ...env }
  })
  t.not(code, 0)
  t.notMatch(stderr, /Trying again/, 'it is not waited for what will not pass')
  t.match(stderr, /^Error: .*refuses the (?:user|role)/m)
  t.match(stderr, setting, 'it says where the password is set')
  t.notMatch(stderr, 'wrong')
}

t.test(
  'clickhouse: a server whose password the database refuses ends at once',
  {
    skip: missingEngine('clickhouse') ?? false
  },
  async (t) => {
    const engine = await engineFor('clickhouse')
    if ('missing' in engine) throw new Error(engine.missing)
    t.teardown(() => engine.stop())
    const { hostname, port } = new URL(engine.url)
    const settings = { HOST: hostname, PORT: port, USERNAME: 'nobody', PASSWORD: 'wrong' }
    const env = Object.entries(settings).map(([name, value]) => [`RALPH_BACKENDS__LRS__CLICKHOUSE__${name}`, value])
    await endsAtOnce(t, 'clickhouse', /USERNAME and PASSWORD/, Object.fromEntries(env))
  }
)

// The Elasticsearch of the tests runs without users: what one with users answers is said in its place.
t.test('es: a server whose password the database refuses ends at once', async (t) => {
  const body = JSON.stringify({
    error: { type: 'security_exception', reason: 'unable to authenticate user [elastic] for REST request [/]' },
    status: 401
  })
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(401, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  await endsAtOnce(t, 'es', /HOSTS/, { RALPH_BACKENDS__LRS__ES__HOSTS: `http://elastic:wrong@127.0.0.1:${port}` })
})

// Those of the tests have no users either: what the drivers throw then is told so that nobody waits.
t.test('mongo, postgres: refused credentials say no time to try again, an engine that is starting does', async (t) => {
  const place = { host: 'db', port: 5432, database: 'ralph', user: 'ralph', schema: 'ralph' }
  const ofPostgres = (code: string): unknown =>
    postgres.translateError(Object.assign(new pg.DatabaseError('refused', 1, 'error'), { code }), place)
  const ofMongo = (code: number): unknown => mongo.translateError(new MongoServerError({ message: 'refused', code }))
  for (const refused of [ofPostgres('28P01'), ofPostgres('28000'), ofMongo(18)]) {
    t.match(refused, { code: 'STORE_UNAVAILABLE', message: /refuses the (?:user|role).*(?:PASSWORD|CONNECTION_URI)/ })
    t.notOk('retryAfter' in (refused as RalphError).details)
  }
  for (const passing of [ofPostgres('57P03'), ofMongo(189)]) {
    t.match(passing, { code: 'STORE_UNAVAILABLE', details: { retryAfter: 1 } })
  }
})
