import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { variablesFor } from '../support/engine-variables.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { allPages } from '../support/judged-store.ts'
import { drain, listen, onBroker } from '../support/listening.ts'
import { aSchema, until } from '../support/postgres.ts'
import { ralph, runserver } from '../support/ralph-process.ts'
import { aUser, writeUsers } from '../support/users.ts'

const authorization = `Basic ${Buffer.from('jane:secret').toString('base64')}`

/** As text: its number has more digits than a number of JavaScript. */
const statement = (id: string): string =>
  JSON.stringify({
    id,
    actor: { mbox: 'mailto:a@example.org' },
    verb: { id: 'http://adlnet.gov/expapi/verbs/experienced' },
    object: { id: 'http://example.org/activity' }
  }).replace(/\}$/, ',"result":{"extensions":{"http://example.org/x":1.00000000000000000001}}}')

const post = async (url: string, count: number): Promise<readonly string[]> => {
  const ids = Array.from({ length: count }, () => randomUUID())
  const answer = await fetch(`${url}/xAPI/statements`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', 'x-experience-api-version': '1.0.3' },
    body: `[${ids.map(statement).join(',')}]`
  })
  if (answer.status !== 200) throw new Error(await answer.text())
  return ids
}

const heartbeat = async (url: string): Promise<unknown> => (await fetch(`${url}/__heartbeat__`)).json()

t.test('a server announces what it stores, whoever is killed, and another node takes it in', async (t) => {
  const broker = await ownEngine(t, 'rabbitmq')
  if ('missing' in broker) return t.plan(0, broker.missing)
  const directory = join(t.testdirName, 'announce')
  const there = join(t.testdirName, 'there')
  for (const each of [directory, there]) mkdirSync(each, { recursive: true })
  const authFile = join(directory, 'auth.json')
  await writeUsers(authFile, [await aUser('jane', 'secret')])
  const env = { RALPH_APP_DIR: directory, RALPH_AUTH_FILE: authFile, RALPH_NOTIFY__URL: broker.url }
  // It outlives the subtests.
  const start = (more: Readonly<Record<string, string>> = {}) =>
    runserver(t, ['--host', '127.0.0.1'], { env: { ...env, ...more } })
  let server = await start()
  const posted: string[] = []
  const postMore = async (count: number) => posted.push(...(await post(server.url, count)))
  const seen: string[] = []
  const takeAll = async () => {
    for (const { body } of await drain(broker.url, 'q_count')) seen.push(String(JSON.parse(body).uuid_ref))
  }
  const hasAll = () =>
    until(async () => {
      await takeAll()
      return posted.every((id) => seen.includes(id))
    })

  await t.test('nothing is lost while no queue takes it, and the heartbeat says so', async (t) => {
    await postMore(3)
    await until(async () => JSON.stringify(await heartbeat(server.url)).includes('announced later'))
    t.match(server.log(), /cannot be announced to amqp:\/\/127[^@]*: no queue takes what is published to x_sqapi/)
    t.notMatch(server.log(), /guest/, 'the password is not shown')
    await onBroker(broker.url, async (channel) => {
      await channel.assertQueue('q_count', { durable: true })
      await channel.bindQueue('q_count', 'x_sqapi', '')
    })
    await hasAll()
    t.same(seen, posted, 'each once, in their order')
    await until(async () => !JSON.stringify(await heartbeat(server.url)).includes('announced later'))
  })

  await t.test('another node takes the statements in, every digit as it was sent', async (t) => {
    const yaml = `
msg_broker: {port: ${new URL(broker.url).port}, process_delay: 0}
data_store: {type: message}
database: {type: sqlite}
`
    const running = await listen(t, there, yaml)
    await postMore(5)
    const taken = posted.slice(-5)
    const rows = async (): Promise<string> => {
      const url = `${server.url}/xAPI/statements?limit=100`
      return (await fetch(url, { headers: { authorization, 'x-experience-api-version': '1.0.3' } })).text()
    }
    t.match(await rows(), /1\.00000000000000000001/)
    await until(async () => running.log().split(': DONE').length > 5)
    t.equal(await running.stop(), 0)
    const backend = await openSqlite(
      {},
      contextOf(t, () => Date.now() * 1000, there)
    )
    const stored = await allPages(await backend.store(undefined), { ascending: true, limit: 100 })
    await backend.close()
    t.same(stored.map(({ id }) => id).sort(), [...taken].sort())
    for (const { text } of stored) t.match(text, /1\.00000000000000000001/)
  })

  await t.test('the broker is killed: every statement is announced', async (t) => {
    await postMore(50)
    await broker.kill()
    await postMore(20)
    await broker.restart()
    await postMore(1)
    await hasAll()
    t.same([...new Set(seen)].sort(), [...posted].sort(), 'all, and no other')
    t.ok(seen.length - posted.length <= 100, `at most a batch twice: ${seen.length - posted.length}`)
  })

  await t.test('of two servers of one store one announces, and the other one goes on when it is killed', async (t) => {
    const postgres = await engineFor('postgres')
    if ('missing' in postgres) return t.plan(0, postgres.missing)
    t.teardown(() => postgres.stop())
    const shared = {
      RALPH_RUNSERVER_BACKEND: 'postgres',
      ...variablesFor('postgres', postgres.url, aSchema(t, postgres.url)),
      RALPH_NOTIFY__EXCHANGE_NAME: 'x_shared'
    }
    await onBroker(broker.url, async (channel) => {
      await channel.assertExchange('x_shared', 'fanout', { durable: true })
      await channel.assertQueue('q_shared', { durable: true })
      await channel.bindQueue('q_shared', 'x_shared', '')
    })
    const found: string[] = []
    const takeShared = async (count: number): Promise<void> => {
      await until(async () => {
        for (const { body } of await drain(broker.url, 'q_shared')) found.push(String(JSON.parse(body).uuid_ref))
        return found.length >= count
      })
    }
    // The first one has the lock before the second one asks for it.
    const first = await start(shared)
    const sent = [...(await post(first.url, 5))]
    await takeShared(5)
    const second = await start(shared)
    sent.push(...(await post(second.url, 150)), ...(await post(first.url, 150)))
    await takeShared(305)
    t.same([...found].sort(), [...sent].sort(), 'each once')
    await first.stop('SIGKILL')
    sent.push(...(await post(second.url, 5)))
    await takeShared(310)
    t.same([...found].sort(), [...sent].sort(), 'each once, still')
    t.equal((await second.stop()).code, 0)
  })

  await t.test('it goes on where it was: an orderly stop repeats nothing', async (t) => {
    await takeAll()
    seen.length = 0
    await server.stop()
    server = await start()
    const next = await post(server.url, 2)
    await until(async () => {
      await takeAll()
      return seen.length >= next.length
    })
    t.same(seen, next)
    const answer = await fetch(`${server.url}/xAPI/activities/profile?activityId=announced&profileId=x_sqapi`, {
      headers: { authorization, 'x-experience-api-version': '1.0.3' }
    })
    t.equal(answer.status, 400, 'no client can name the record')
  })

  await t.test('with begin: now, what was stored before is not announced', async (t) => {
    await server.stop()
    const own = { RALPH_NOTIFY__EXCHANGE_NAME: 'x_now', RALPH_NOTIFY__BEGIN: 'now' }
    await onBroker(broker.url, async (channel) => {
      await channel.assertExchange('x_now', 'fanout', { durable: true })
      await channel.assertQueue('q_now', { durable: true })
      await channel.bindQueue('q_now', 'x_now', '')
    })
    server = await start(own)
    const next = await post(server.url, 2)
    let found: readonly string[] = []
    await until(async () => {
      found = [...found, ...(await drain(broker.url, 'q_now')).map(({ body }) => String(JSON.parse(body).uuid_ref))]
      return found.length >= next.length
    })
    t.same(found, next)
    t.same((await server.stop()).code, 0)
  })

  await t.test('a URL that is not one of a broker is refused', async (t) => {
    const { code, stderr } = await ralph(t, ['runserver'], { env: { ...env, RALPH_NOTIFY__URL: 'http://x:y@z' } })
    t.not(code, 0)
    t.match(stderr, /RALPH_NOTIFY__URL.*amqp:\/\//)
    t.notMatch(stderr, /x:y/)
  })
})
