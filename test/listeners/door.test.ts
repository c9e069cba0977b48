import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { messageOf } from '../../src/errors.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { drain, listen, publish } from '../support/listening.ts'
import { until } from '../support/postgres.ts'

const handler = `
export const execute = async () => {}
export const routes = {
  'GET /': async ({ config }) => ({ greeting: config.greeting }),
  'GET /rows/:uuid': async ({ request, database }) =>
    database.execute_query('SELECT :uuid AS uuid, :q AS q', { uuid: request.parameters.uuid, q: request.query.q ?? null }),
  'POST /echo': async ({ request }) => ({ status: 201, headers: { 'x-own': 'yes' }, body: request.body }),
  'GET /nothing': async () => null,
  'GET /throws': async () => { throw new Error('it is in a bad mood') },
  'GET /hangs': () => { for (;;) {} }
}
`

t.test('the door of ralph listen tells of handlers, and answers by their routes', async (t) => {
  const broker = await engineFor('rabbitmq')
  if ('missing' in broker) return t.plan(0, broker.missing)
  const directory = join(t.testdir(), 'door')
  mkdirSync(directory)
  writeFileSync(join(directory, 'mine.mjs'), handler)
  writeFileSync(join(directory, 'bad.mjs'), 'export const execute = () => {}\nexport const routes = { "/x": () => {} }')
  const yaml = `
msg_broker: {port: ${new URL(broker.url).port}, routing_key: q_door_${process.pid}, exchange_name: x_door_${process.pid}}
database: {type: sqlite}
handlers:
  mine: {type: ./mine.mjs, greeting: hello, supported_mime: [image/png], timeout: 1}
  kept: {type: store, directory: kept}
`
  const running = await listen(t, directory, yaml, { RALPH_LISTEN_PORT: '0' })
  const base = /at (http:\/\/127\.0\.0\.1:\d+)/.exec(running.log())?.[1]
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${base}${path}`, init)
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json') === true
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text }
  }

  await t.test('/plugins, /rules and /health are those of sqAPI', async (t) => {
    t.same((await ask('/plugins')).body, [
      {
        name: 'mine',
        status: 'active',
        supported_mime: ['image/png'],
        endpoints: [
          'GET /h/mine',
          'GET /h/mine/rows/:uuid',
          'POST /h/mine/echo',
          'GET /h/mine/nothing',
          'GET /h/mine/throws',
          'GET /h/mine/hangs'
        ]
      },
      { name: 'kept', status: 'active', supported_mime: [], endpoints: [] }
    ])
    const { body: rules } = await ask('/rules')
    t.match(rules[0], { function: 'plugins', endpoint: '/plugins', arguments: [], methods: ['GET'] })
    t.match(rules[4], { function: 'mine', endpoint: '/h/mine/rows/:uuid', arguments: ['uuid'], methods: ['GET'] })
    const { status, body } = await ask('/health')
    t.equal(status, 200)
    t.match(body, { status: 'up', plugins: { active: ['mine', 'kept'] }, started: /^20.*Z$/, uptime: Number })
    t.match(await ask('/health', { method: 'POST' }), { status: 405 })
    t.match(await ask('/else'), { status: 404, body: { error: 'Not found', reference: /^[0-9a-f-]{36}$/ } })
  })

  await t.test('routes get path, query and body, and the database with bound values', async (t) => {
    t.match(await ask('/h/mine'), { status: 200, body: { greeting: 'hello' } })
    const rows = await ask(`/h/mine/rows/${encodeURIComponent("a'b/c")}?q=x%20y`)
    t.same(rows.body, [{ uuid: "a'b/c", q: 'x y' }])
    const json = { 'content-type': 'application/json' }
    const echo = await ask('/h/mine/echo', { method: 'POST', body: '{"a":1}', headers: json })
    t.match(echo, { status: 201, body: { a: 1 } })
    t.equal(echo.headers.get('x-own'), 'yes')
    t.match(await ask('/h/mine/echo', { method: 'POST', body: '{', headers: json }), { status: 400 })
    t.match(await ask('/h/mine/echo', { method: 'POST', body: 'x'.repeat(2 ** 20 + 1) }), { status: 413 })
    t.match(await ask('/h/mine/nothing'), { status: 204, body: '' })
    t.match(await ask('/h/mine/echo'), { status: 404 })
    t.match(await ask('/h/kept'), { status: 404 })
  })

  await t.test(
    'a route that throws or hangs is a 500 with a reference, and the next request is answered',
    async (t) => {
      const thrown = await ask('/h/mine/throws')
      t.match(thrown, { status: 500, body: { error: 'Internal error', details: 'it is in a bad mood' } })
      t.match(running.log(), thrown.body.reference)
      t.match(await ask('/h/mine/hangs'), { status: 500, body: { details: /not ended in 1 s/ } })
      t.match(await ask('/h/mine'), { status: 200 })
      t.equal(await running.stop(), 0)
    }
  )

  await t.test(
    'a handler that cannot be loaded is failed, the others go on, and its messages are not lost',
    async (t) => {
      writeFileSync(join(directory, 'broken.mjs'), "throw new Error('it lacks a library')")
      const own = `q_broken_${process.pid}`
      const broken = `  broken: {type: ./broken.mjs}\n`
      const more = (yaml + broken).replace(`q_door_${process.pid}`, own)
      const some = await listen(
        t,
        directory,
        more.replace('msg_broker: {', 'msg_broker: {process_delay: 0, retry: {attempts: 1}, '),
        {
          RALPH_LISTEN_PORT: '0'
        }
      )
      const there = /at (http:\/\/127\.0\.0\.1:\d+)/.exec(some.log())?.[1]
      const plugins: unknown = await (await fetch(`${there}/plugins`)).json()
      t.match(plugins, [
        { name: 'mine', status: 'active' },
        { name: 'kept', status: 'active' },
        { name: 'broken', status: 'failed', error: /broken\.mjs cannot be loaded: .*it lacks a library/ }
      ])
      t.match(await (await fetch(`${there}/health`)).json(), {
        plugins: { active: ['mine', 'kept'], failed: ['broken'] }
      })
      writeFileSync(join(directory, 'x.txt'), 'x')
      const uuid_ref = randomUUID()
      const message = {
        uuid_ref,
        data_type: 'text/plain',
        data_location: join(directory, 'x.txt'),
        meta_location: 'none'
      }
      await publish(broker.url, { key: own }, message)
      await until(async () => some.log().includes(`${uuid_ref}: FAILED`))
      t.equal(await some.stop(), 0)
      t.match(await drain(broker.url, `${own}.ralph.dead`), [
        { key: 'message.sqapi.broken', body: JSON.stringify(message) }
      ])
      const none = yaml.replace(/handlers:[\s\S]*/, `handlers:\n${broken}`)
      t.match(await listen(t, directory, none).catch(messageOf), /handlers: .*broken\.mjs cannot be loaded/)
    }
  )

  await t.test('what is no route, and a port that is taken, end the start', async (t) => {
    const bad = yaml.replace('./mine.mjs', './bad.mjs')
    t.match(
      await listen(t, directory, bad, { RALPH_LISTEN_PORT: '0' }).catch(messageOf),
      /the route "\/x": a route is a method and a path/
    )
    const port = new URL(broker.url).port
    t.match(await listen(t, directory, yaml, { RALPH_LISTEN_PORT: port }).catch(messageOf), /LISTEN_PORT: .*EADDRINUSE/)
  })
})
