import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createClient } from '@redis/client'
import t from 'tap'
import { openRedis } from '../../src/listeners/redis.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { listen, onBroker, publish } from '../support/listening.ts'
import { keptLog } from '../support/objects.ts'
import { until } from '../support/postgres.ts'

/** Writes each status to a file, durably enough for a kill; dies right after DONE is written, the first time. */
const dyingDatabase = `
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
export class Database {
  async initialize_database() {}
  async execute_query() { return null }
  async execute_script() { return null }
  async update_message({ uuid }, status) {
    appendFileSync('statuses', uuid + ' ' + status + '\\n')
    if (status !== 'DONE' || existsSync('died')) return
    writeFileSync('died', '')
    process.kill(process.pid, 'SIGKILL')
  }
}
`

/** Refuses to keep anything the first three times. */
const failingDatabase = `
import { appendFileSync } from 'node:fs'
let refusals = 0
export class Database {
  async initialize_database() {}
  async execute_query() { return null }
  async execute_script() { return null }
  async update_message({ uuid }, status) {
    if (status !== 'DONE') return
    refusals += 1
    if (refusals <= 1) throw new Error('no room for a row')
    appendFileSync('kept', uuid + '\\n')
  }
}
`

const slowHandler = `
import { appendFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
export const execute = async ({ message, config }) => {
  appendFileSync('begun', message.uuid + '\\n')
  await wait(config.milliseconds ?? 0)
  appendFileSync('ended', message.uuid + '\\n')
}
`

t.test('faults between a broker and what a listener keeps', async (t) => {
  const broker = await engineFor('rabbitmq')
  if ('missing' in broker) return t.plan(0, broker.missing)
  const place = (name: string): string => {
    const directory = join(t.testdirName, name)
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'slow.mjs'), slowHandler)
    writeFileSync(join(directory, 'dying.mjs'), dyingDatabase)
    writeFileSync(join(directory, 'failing.mjs'), failingDatabase)
    writeFileSync(join(directory, 'data'), 'x')
    return directory
  }
  t.testdir()
  const aQueue = (): string => `q_faults_${randomUUID()}`
  const yaml = (queue: string, database: string, milliseconds = 0): string => `
msg_broker: {port: ${new URL(broker.url).port}, routing_key: ${queue}, exchange_name: x_${queue}, process_delay: 0}
database: {type: ${database}}
handlers: {slow: {type: ./slow.mjs, milliseconds: ${milliseconds}}}
`
  const message = (more: object = {}) => ({
    uuid_ref: randomUUID(),
    data_type: 'text/plain',
    data_location: 'data',
    meta_location: 'none',
    ...more
  })
  const linesOf = (directory: string, name: string): readonly string[] =>
    existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8').trim().split('\n') : []
  const waiting = (queue: string): Promise<number> =>
    onBroker(broker.url, async (channel) => (await channel.checkQueue(queue)).messageCount)
  const forget = (queue: string) =>
    onBroker(broker.url, async (channel) => {
      await channel.deleteQueue(queue)
      await channel.deleteExchange(`x_${queue}`)
    })

  await t.test('killed between the row and its acknowledgement: the message comes again', async (t) => {
    const [directory, queue] = [place('dying'), aQueue()]
    const running = await listen(t, directory, yaml(queue, './dying.mjs'))
    const one = message()
    await publish(broker.url, { key: queue }, one)
    await until(async () => running.child.signalCode !== null)
    t.equal(linesOf(directory, 'statuses').at(-1), `${one.uuid_ref} DONE`, 'the row was there')
    await until(async () => (await waiting(queue)) === 1)
    const next = await listen(t, directory, yaml(queue, './dying.mjs'))
    const done = () => linesOf(directory, 'statuses').filter((each) => each.endsWith('DONE')).length
    await until(async () => done() === 2)
    t.equal(await next.stop(), 0)
    t.equal(await waiting(queue), 0, 'it is acknowledged now')
    await forget(queue)
  })

  await t.test('a row that cannot be kept: the message is not acknowledged, and comes again', async (t) => {
    const [directory, queue] = [place('failing'), aQueue()]
    const running = await listen(t, directory, yaml(queue, './failing.mjs'))
    const one = message()
    await publish(broker.url, { key: queue }, one)
    await until(async () => linesOf(directory, 'kept').includes(one.uuid_ref))
    t.match(running.log(), /is given back to .*no room for a row/)
    t.equal(await running.stop(), 0)
    t.equal(await waiting(queue), 0)
    await forget(queue)
  })

  await t.test('the same uuid twice is one row; SIGTERM in a handler lets it end, and nothing is lost', async (t) => {
    const [directory, queue] = [place('stopped'), aQueue()]
    const running = await listen(t, directory, yaml(queue, 'sqlite', 600))
    const one = message()
    await publish(broker.url, { key: queue }, one, one, message(), message())
    await until(async () => linesOf(directory, 'begun').length >= 2)
    t.equal(await running.stop('SIGTERM'), 0)
    t.same([...linesOf(directory, 'ended')].sort(), [...linesOf(directory, 'begun')].sort(), 'what began has ended')
    const done = linesOf(directory, 'ended').length
    t.equal(await waiting(queue), 4 - done, 'what had not begun waits at the broker')
    const next = await listen(t, directory, yaml(queue, 'sqlite'))
    await until(async () => linesOf(directory, 'ended').length === 4)
    t.equal(await next.stop(), 0)
    const rows = new DatabaseSync(join(directory, 'messages.db'))
    const statuses = rows.prepare('SELECT uuid, status FROM messages').all()
    rows.close()
    t.same([...new Set(statuses.map(({ status }) => status))], ['DONE'])
    t.equal(statuses.length, 3)
    t.equal(statuses.filter(({ uuid }) => uuid === one.uuid_ref).length, 1)
    await forget(queue)
  })
})

t.test('metadata of a Redis with a password and databases: by keys, and by a URL; objects and hashes', async (t) => {
  const engine = await ownEngine(t, 'redis', { settings: { requirepass: 'a secret' } })
  if ('missing' in engine) return t.plan(0, engine.missing)
  const port = new URL(engine.url).port
  const client = createClient({ url: engine.url, password: 'a secret', database: 3 })
  await client.connect()
  await client.set('object', '{"nested":{"deep":[1]}}')
  await client.set('text', 'plain')
  await client.set('list', '[1]')
  await client.hSet('hash', { title: 'a title', size: '3' })
  client.destroy()
  const open = async (config: Readonly<Record<string, unknown>>) => {
    const metadata = await openRedis(config, 'meta_store', keptLog())
    t.teardown(() => metadata.close())
    return metadata
  }
  for (const config of [
    { host: '127.0.0.1', port, password: 'a secret', db: '3' },
    { host: '127.0.0.1', port, username: 'default', password: 'a secret', db: 3 },
    { url: `redis://default:a%20secret@127.0.0.1:${port}/3` }
  ]) {
    const metadata = await open(config)
    t.same(await metadata.fetch('object'), { nested: { deep: [1] } })
    t.same(await metadata.fetch('hash'), { title: 'a title', size: '3' })
    await t.rejects(metadata.fetch('gone'), { code: 'NOT_FOUND' })
    for (const key of ['text', 'list']) await t.rejects(metadata.fetch(key), { code: 'INVALID_INPUT' })
  }
  const elsewhere = await open({ host: '127.0.0.1', port, password: 'a secret' })
  await t.rejects(elsewhere.fetch('object'), { code: 'NOT_FOUND' }, 'another database has other keys')
  for (const config of [{}, { password: 'wrong' }, { tls: 'true' }]) {
    const metadata = await open({ host: '127.0.0.1', port, ...config })
    await t.rejects(metadata.fetch('object'), { code: 'STORE_UNAVAILABLE' })
  }
})
