import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import type { ConfigBlock } from '../../src/contracts/listeners.ts'
import { openDatabase } from '../../src/listeners/connectors.ts'
import { startHandler } from '../../src/listeners/handlers.ts'
import type { RunningHandler } from '../../src/listeners/running-handler.ts'
import type { HandlerWork } from '../../src/listeners/thread-messages.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { keptLog } from '../support/objects.ts'
import { openObjects } from '../support/open-objects.ts'
import { sql } from '../support/postgres.ts'
import { runserver } from '../support/ralph-process.ts'
import { aBucket, s3AccessOf, s3ClientOf } from '../support/s3.ts'
import { aUser, writeUsers } from '../support/users.ts'

const start = async (t: Test, directory: string, type: string, block: ConfigBlock): Promise<RunningHandler> => {
  const pipeline = {
    name: '',
    place: 'sqapi.yml',
    directory,
    broker: {},
    fields: {},
    dataStore: {},
    metaStore: undefined,
    database: { type: 'sqlite' },
    handlers: []
  }
  const database = await openDatabase(pipeline.database, 'sqapi.yml.database', pipeline)
  await database.initialize_database()
  t.teardown(() => database.close?.())
  const handler = await startHandler(
    { name: 'mine', type, supportedMime: [], block },
    {
      pipeline,
      database,
      lrs: {
        imports: () => Promise.reject(new Error('no LRS is needed')),
        store: () => Promise.reject(new Error('no LRS is needed')),
        deliver: () => Promise.reject(new Error('no LRS is needed')),
        statementsIn: () => undefined
      },
      log: keptLog(),
      openObjects,
      openDatabase: async ({ block: { database: own } }) =>
        own === undefined ? undefined : openDatabase(own as ConfigBlock, 'sqapi.yml.handlers.mine.database', pipeline)
    }
  )
  t.teardown(() => handler.close())
  return handler
}

const workWith = (directory: string, content: string, metadata: ConfigBlock = {}): HandlerWork => {
  const uuid = randomUUID()
  const data = join(directory, uuid)
  writeFileSync(data, content)
  const message = { uuid, type: 'application/json', data_location: data, meta_location: 'none' }
  return { message: { ...message, body: { extra: 1 } }, metadata, data }
}

t.test('postgres runs SQL with the message, its metadata and its data, all bound', async (t) => {
  const directory = t.testdir({ 'init.sql': '', 'one.sql': '' })
  const engine = await engineFor('postgres')
  if ('missing' in engine) return t.plan(0, engine.missing)
  const table = `handled_${randomUUID().slice(0, 8)}`
  t.teardown(() => sql(engine.url, `DROP TABLE IF EXISTS ${table}`).then(() => {}))
  const url = new URL(engine.url)
  const connection = {
    name: url.pathname.slice(1) || 'postgres',
    host: url.hostname,
    port: url.port,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password)
  }
  writeFileSync(
    join(directory, 'init.sql'),
    `CREATE TABLE IF NOT EXISTS ${table} (uuid UUID PRIMARY KEY, title TEXT, data TEXT, CHECK (length(data) < 50))`
  )
  writeFileSync(
    join(directory, 'one.sql'),
    `INSERT INTO ${table} VALUES (%(uuid)s, (%(metadata)s::jsonb)->>'title', :data) ON CONFLICT DO NOTHING`
  )
  const own = { type: 'postgres', init: 'init.sql', connection }
  const handler = await start(t, directory, 'postgres', { script: 'one.sql', database: own, max_size: 0.0001 })
  const work = workWith(directory, "'); DROP TABLE x; --", { title: "it's" })
  await handler.run(work)
  await handler.run(work)
  t.same(await sql(engine.url, `SELECT * FROM ${table}`), [
    { uuid: work.message.uuid, title: "it's", data: "'); DROP TABLE x; --" }
  ])
  await t.rejects(
    handler.run(workWith(directory, 'x'.repeat(60))),
    { final: true, message: /check constraint/ },
    'what the database refuses is final'
  )
  await t.rejects(handler.run(workWith(directory, 'x'.repeat(200))), { final: true, message: /max_size/ })
  for (const [block, said] of [
    [{}, /either query or script/],
    [{ query: 'SELECT 1', script: 'one.sql' }, /either query or script/],
    [{ script: 'gone.sql' }, /gone\.sql cannot be read/]
  ] as const) {
    await t.rejects(start(t, directory, 'postgres', block), { code: 'INVALID_SETTING', message: said })
  }
})

t.test('postgres works on the database of the pipeline, too', async (t) => {
  const directory = t.testdir({})
  const handler = await start(t, directory, 'postgres', { query: 'CREATE TABLE IF NOT EXISTS made (x); SELECT :uuid' })
  await handler.run(workWith(directory, ''))
  const broken = await start(t, directory, 'postgres', { query: 'SELECT * FROM nowhere WHERE x = :nothing' })
  await t.rejects(broken.run(workWith(directory, '')), { final: true, message: /nothing/ })
})

t.test('store keeps the data of each message under its uuid: on disk', async (t) => {
  const directory = t.testdir({})
  const handler = await start(t, directory, 'store', { directory: 'kept', prefix: 'a/' })
  const work = workWith(directory, 'first')
  await handler.run(work)
  writeFileSync(work.data, 'again')
  await handler.run(work)
  t.same(readdirSync(join(directory, 'kept/a')), [work.message.uuid])
  t.equal(readFileSync(join(directory, 'kept/a', work.message.uuid), 'utf8'), 'again')
  await t.rejects(handler.run({ ...work, data: join(directory, 'gone') }))
  for (const block of [{}, { to: 'tape' }, { to: 's3' }, { to: 'swift', containers: ['a', 'b'] }]) {
    await t.rejects(start(t, directory, 'store', block), { code: 'INVALID_SETTING' })
  }
})

t.test('store keeps the data of each message under its uuid: in S3', async (t) => {
  const directory = t.testdir({})
  const engine = await engineFor('s3')
  if ('missing' in engine) return t.plan(0, engine.missing)
  const bucket = await aBucket(t, engine.url)
  const client = s3ClientOf(engine.url)
  t.teardown(() => client.destroy())
  const { endpoint, accessKeyId, secretAccessKey } = s3AccessOf(engine.url)
  const handler = await start(t, directory, 'store', {
    to: 's3',
    bucket,
    prefix: 'kept/',
    endpoint_url: endpoint,
    access_key_id: accessKeyId,
    secret_access_key: secretAccessKey
  })
  const work = workWith(directory, 'of S3')
  await handler.run(work)
  await handler.run(work)
  const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key: `kept/${work.message.uuid}` }))
  t.equal(await found.Body?.transformToString(), 'of S3')
})

t.test('forward sends statements to another LRS, and twice is once', async (t) => {
  const directory = t.testdir({})
  const there = join(directory, 'there')
  mkdirSync(there)
  const authFile = join(there, 'auth.json')
  await writeUsers(authFile, [await aUser('jane', 'secret')])
  const env = { RALPH_APP_DIR: there, RALPH_AUTH_FILE: authFile }
  const server = await runserver(t, ['--host', '127.0.0.1'], { env })
  const url = `${server.url}/xAPI/statements`
  const access = { url, username: 'jane', password: 'secret' }
  const handler = await start(t, directory, 'forward', access)
  const statement = {
    id: randomUUID(),
    actor: { mbox: 'mailto:a@example.org' },
    verb: { id: 'http://adlnet.gov/expapi/verbs/experienced' },
    object: { id: 'http://example.org/activity' }
  }
  const work = workWith(directory, JSON.stringify([statement]))
  await handler.run(work)
  await handler.run(work)
  const headers = {
    authorization: `Basic ${Buffer.from('jane:secret').toString('base64')}`,
    'x-experience-api-version': '1.0.3'
  }
  t.match(await (await fetch(url, { headers })).json(), { statements: { length: 1 } })
  const wrong = workWith(directory, JSON.stringify({ ...statement, id: 'x' }))
  await t.rejects(handler.run(wrong), { final: true, message: /answers 400/ })
  const stranger = await start(t, directory, 'forward', { ...access, password: 'wrong' })
  await t.rejects(stranger.run(work), { final: false, message: /answers 401/ })
})

t.test('forward tries again what may succeed later, and does not wait for ever', async (t) => {
  const directory = t.testdir({})
  const server = createServer((request, response) => {
    request.resume()
    if (request.url === '/silent') return
    response.writeHead(request.url === '/moved' ? 302 : 503, { location: '/elsewhere' }).end('busy')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  // What `listen` has given.
  const { port } = server.address() as AddressInfo
  const at = (path: string) => start(t, directory, 'forward', { url: `http://127.0.0.1:${port}${path}`, timeout: 0.3 })
  const work = workWith(directory, 'x')
  await t.rejects((await at('/busy')).run(work), { final: false, message: /answers 503: busy/ })
  await t.rejects((await at('/silent')).run(work), { final: false, message: /not ended in 0.3 s/ })
  await t.rejects((await at('/moved')).run(work), { final: false, message: /cannot be reached/ })
  for (const url of [undefined, 'ftp://x', 'http://u:p@x']) {
    await t.rejects(start(t, directory, 'forward', { url }), { code: 'INVALID_SETTING' })
  }
})
