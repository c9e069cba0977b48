import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createClient } from '@redis/client'
import t from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { messageOf } from '../../src/errors.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { allPages } from '../support/judged-store.ts'
import { drain, listen, onBroker, publish } from '../support/listening.ts'
import { sql, until } from '../support/postgres.ts'

/** The blocks of document 002 as they are printed; hosts and ports alone are put in. */
const printed = `
msg_broker:
  type: 'rabbitmq'
  host: 'localhost'
  port: \${BROKER_PORT}

  routing_key: 'q_sqapi'
  exchange_name: 'x_sqapi'
  exchange_type: 'fanout'
  process_delay: \${DELAY:-5}

  message_fields:
    type:
      key: 'data_type'
      required: True
    data_location:
      key: 'data_location'
      required: True
    meta_location:
      key: 'meta_location'
      required: True
    uuid:
      key: 'uuid_ref'
      required: True
    metadata:
      key: 'metadata'
      required: False

  # Supported Mime should be custom for each sqAPI Plugin,
  # not necessarily defined in the parent configuration
  supported_mime:
  - 'image/jpeg'
  - 'image/png'
  - 'image/gif'
data_store:
  type: 'disk'
meta_store:
  type: 'redis'
  host: 'localhost'
  port: \${REDIS_PORT}
database:
  type: 'postgres'
  init: 'scripts/init.sql'
  connection:
    name: '\${DATABASE_NAME}'
    port: '\${DATABASE_PORT}'
    user: 'postgres'
    host: 'localhost'
    password: 'postgres'
    timeout: 2
`

const handler = `
import { buffer } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
export const execute = async ({ config, database, message, metadata, data, log }) => {
  const bytes = await buffer(data)
  if (config.mood === 'throws') throw new Error('it is in a bad mood')
  if (config.mood === 'hangs') for (;;) {}
  if (config.mood === 'exits') process.exit(3)
  if (config.mood === 'eats') for (const eaten = []; ; ) eaten.push(new Array(100000).fill(eaten.length))
  await database.execute_query(
    "INSERT INTO seen (uuid, size, title, extra) VALUES (%(uuid)s, :size, :title, :extra) -- ':no' %(no)s",
    { uuid: message.uuid, size: bytes.length, title: metadata.title, extra: message.body.extra ?? null }
  )
}
`

t.test('the configuration of document 002 runs as it is printed', async (t) => {
  const broker = await ownEngine(t, 'rabbitmq')
  const redis = await engineFor('redis')
  const postgres = await engineFor('postgres')
  for (const each of [broker, redis, postgres]) if ('missing' in each) return t.plan(0, each.missing)
  if ('missing' in broker || 'missing' in redis || 'missing' in postgres) return

  const directory = join(t.testdirName, 'listen')
  mkdirSync(join(directory, 'scripts'), { recursive: true })
  // Each test has a database of its own.
  const name = `listen_${randomUUID().slice(0, 8)}`
  await sql(postgres.url, `CREATE DATABASE ${name}`)
  t.teardown(() => sql(postgres.url, `DROP DATABASE ${name} WITH (FORCE)`).then(() => {}))
  const databaseUrl = new URL(postgres.url)
  databaseUrl.pathname = `/${name}`
  const ask = (text: string) => sql(databaseUrl.href, text)
  const seen = () => ask('SELECT * FROM seen ORDER BY title')
  const statusOf = async (uuid: string) =>
    (await ask(`SELECT status, info FROM messages WHERE uuid = '${uuid}'`))[0] ?? {}
  const has = (uuid: string, status: string) => until(async () => (await statusOf(uuid)).status === status)
  writeFileSync(
    join(directory, 'scripts/init.sql'),
    'CREATE TABLE IF NOT EXISTS seen (uuid UUID, size INT, title TEXT, extra TEXT);'
  )
  writeFileSync(join(directory, 'handler.mjs'), handler)
  const port = (url: string): string => new URL(url).port
  const env = {
    BROKER_PORT: port(broker.url),
    REDIS_PORT: port(redis.url),
    DATABASE_PORT: port(postgres.url),
    DATABASE_NAME: name
  }
  const client = createClient({ url: redis.url })
  await client.connect()
  t.teardown(() => client.destroy())
  const image = join(directory, 'image.png')
  writeFileSync(image, 'an image')
  const announce = (more: object = {}) => {
    const uuid_ref = randomUUID()
    return { uuid_ref, data_type: 'image/png', data_location: image, meta_location: `meta:${uuid_ref}`, ...more }
  }
  const known = async (more: object = {}, title = 'a title') => {
    const message = announce(more)
    await client.set(message.meta_location, JSON.stringify({ title, nested: { deep: [1] } }))
    return message
  }
  const withHandlers = (handlers: string): string => `${printed}\nhandlers:\n${handlers}`

  await t.test('messages of the exchange and of the queue reach the handler, after the delay', async (t) => {
    const running = await listen(t, directory, withHandlers('  seen: {type: ./handler.mjs}'), env)
    const one = await known({ extra: "'); DROP TABLE seen; --" }, 'one')
    const two = await known({}, 'two')
    const begun = Date.now()
    await publish(broker.url, { exchange: 'x_sqapi' }, one)
    await publish(broker.url, { key: 'q_sqapi' }, two)
    await Promise.all([has(one.uuid_ref, 'DONE'), has(two.uuid_ref, 'DONE')])
    const took = Date.now() - begun
    t.ok(took >= 5000, `processing begins after 5 s: ${took} ms`)
    t.ok(took < 9000, `one message does not wait for the other: ${took} ms`)
    t.match(await seen(), [
      { uuid: one.uuid_ref, size: 8, title: 'one', extra: "'); DROP TABLE seen; --" },
      { uuid: two.uuid_ref, size: 8, title: 'two' }
    ])
    t.equal(readFileSync(image, 'utf8'), 'an image', 'the source is untouched')
    const temporary = readdirSync(join(directory, 'temp/listeners')).flatMap((own) =>
      readdirSync(join(directory, 'temp/listeners', own))
    )
    t.same(temporary, [], 'temporary files are gone')
    t.equal(await running.stop(), 0)
  })

  await t.test('what cannot be processed is FAILED with a dead letter, or SKIPPED, and never lost', async (t) => {
    const quick = { ...env, DELAY: '0' }
    const running = await listen(t, directory, withHandlers('  seen: {type: ./handler.mjs}'), quick)
    const text = await known({ data_type: 'text/plain' })
    const { meta_location: _gone, ...lacking } = announce({ data_location: undefined })
    const late = await known({ data_location: join(directory, 'late.png') }, 'late')
    await publish(broker.url, { key: 'q_sqapi' }, text, lacking, 'not { json', late)
    await has(text.uuid_ref, 'SKIPPED')
    await has(lacking.uuid_ref, 'FAILED')
    t.match(await statusOf(lacking.uuid_ref), { info: 'the message lacks data_location, meta_location' })
    await has(late.uuid_ref, 'RETRY')
    writeFileSync(join(directory, 'late.png'), 'late')
    await has(late.uuid_ref, 'DONE')
    await until(async () => (await ask("SELECT 1 FROM messages WHERE info LIKE '%not valid JSON%'")).length === 1)
    const letters = await drain(broker.url, 'q_sqapi.ralph.dead')
    t.same(letters.map(({ body }) => body).sort(), [JSON.stringify(lacking), 'not { json'].sort())
    t.match(letters[0]?.headers, { 'x-ralph-queue': 'q_sqapi', 'x-ralph-reason': String })
    t.equal(await running.stop(), 0)
  })

  await t.test('a handler that throws, hangs, exits or eats memory stops no other', async (t) => {
    const moods = ['throws', 'hangs', 'exits', 'eats']
    const bad = moods.map((mood) => `  ${mood}: {type: ./handler.mjs, mood: ${mood}, timeout: 2, memory: 32}`)
    const yaml = withHandlers(['  seen: {type: ./handler.mjs}', ...bad].join('\n')).replace(
      "  routing_key: 'q_sqapi'",
      "  routing_key: 'q_moods'\n  retry: {attempts: 2, first_pause: 0.1}"
    )
    const running = await listen(t, directory, yaml, { ...env, DELAY: '0' })
    const message = await known({}, 'moody')
    await publish(broker.url, { key: 'q_moods' }, message)
    await has(message.uuid_ref, 'FAILED')
    const { info } = await statusOf(message.uuid_ref)
    for (const mood of moods) t.match(String(info), new RegExp(`${mood}: `))
    t.match(String(info), /hangs: it has not ended in 2 s/)
    let letters: Awaited<ReturnType<typeof drain>> = []
    await until(async () => {
      letters = [...letters, ...(await drain(broker.url, 'q_moods.ralph.dead'))]
      return letters.length >= moods.length
    })
    t.same(letters.map(({ key }) => key).sort(), moods.map((mood) => `message.sqapi.${mood}`).sort())
    t.equal((await seen()).filter(({ title }) => title === 'moody').length, 1, 'the good one has run once')
    t.equal(await running.stop(), 0)
  })

  await t.test('without its database, or its script, it connects to no broker and ends', async (t) => {
    const noScript = printed.replace('scripts/init.sql', 'scripts/gone.sql')
    for (const [yaml, said] of [
      [
        printed.replace("  type: 'postgres'", "  type: 'postgres'\n  attempts: 2"),
        /localhost:1.*trying again \(1 of 2\)/
      ],
      [noScript, /there is no file .*scripts\/gone\.sql/],
      [printed.replace("  init: 'scripts/init.sql'\n", ''), /database has no init/],
      [printed.replace("type: 'redis'", "type: 'rediss'"), /meta_store: there is no type "rediss"; known are redis/],
      [printed.replace(/database:[\s\S]*/, ''), /no block database/]
    ] as const) {
      const ended = await listen(t, directory, yaml, { ...env, DATABASE_PORT: '1' }).catch(messageOf)
      t.match(ended, said)
      t.notMatch(ended, /rabbitmq at/)
    }
  })

  await t.test('listener and broker are killed, and every message ends once in one status', async (t) => {
    const count = Number(process.env.RALPH_TEST_LISTEN_MESSAGES ?? 60)
    const rounds = count > 1000 ? 10 : 2
    const yaml = `
msg_broker:
  port: \${BROKER_PORT}
  routing_key: q_killed
  exchange_name: x_killed
  process_delay: 0
  prefetch: 40
database:
  type: sqlite
  path: killed.db
`
    const statement = (id: string): string =>
      JSON.stringify({
        id,
        actor: { mbox: 'mailto:a@example.org' },
        verb: { id: 'http://adlnet.gov/expapi/verbs/experienced' },
        object: { id: 'http://example.org/activity' }
      })
    const messages = Array.from({ length: count }, () => {
      const uuid_ref = randomUUID()
      const data_location = join(directory, `${uuid_ref}.json`)
      writeFileSync(data_location, statement(uuid_ref))
      return { uuid_ref, data_type: 'application/json', data_location, meta_location: 'none' }
    })
    let running = await listen(t, directory, yaml, env)
    await publish(broker.url, { exchange: 'x_killed' }, ...messages)
    for (let round = 0; round < rounds; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 400))
      await running.stop('SIGKILL')
      if (round === 0) {
        await broker.kill()
        await broker.restart()
      }
      running = await listen(t, directory, yaml, env)
    }
    const rows = (file: string, text: string): readonly unknown[] => {
      const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
      try {
        return database.prepare(text).all()
      } finally {
        database.close()
      }
    }
    const killed = join(directory, 'killed.db')
    await until(async () => rows(killed, "SELECT 1 FROM messages WHERE status = 'DONE'").length === count)
    t.equal(rows(killed, 'SELECT 1 FROM messages').length, count, 'no other rows')
    await until(() => onBroker(broker.url, async (each) => (await each.checkQueue('q_killed')).messageCount === 0))
    t.equal(await running.stop(), 0)
    const backend = await openSqlite(
      {},
      contextOf(t, () => Date.now() * 1000, directory)
    )
    t.teardown(() => backend.close())
    const stored = await allPages(await backend.store(undefined), { ascending: true, limit: 100 })
    const ids = stored.map(({ id }) => id)
    t.same(ids.sort(), messages.map(({ uuid_ref }) => uuid_ref).sort(), 'every statement is there once')
  })
})
