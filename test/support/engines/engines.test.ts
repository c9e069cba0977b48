import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { createClient } from '@redis/client'
import { type ConfirmChannel, connect } from 'amqplib'
import { type Collection, MongoClient } from 'mongodb'
import { Client } from 'pg'
import t, { type Test } from 'tap'
import { aRegistry } from '../registry.ts'
import { s3ClientOf } from '../s3.ts'
import { askSwift } from '../swift.ts'
import { sources } from './checkout.ts'
import { type Engine, type EngineName, engineNames, type PrivateEngine } from './engine.ts'
import { engineFor, variableOf } from './engine-for.ts'
import { kinds } from './kinds.ts'
import { unlessRequired } from './missing.ts'
import { ownEngine } from './own-engine.ts'

const versions: Readonly<Record<EngineName, RegExp>> = {
  es: /^9\.5\.3$/,
  es8: /^8\.19\.21$/,
  mongo: /^7\./,
  clickhouse: /^26\.7\./,
  postgres: /^\d+\.\d+/,
  s3: /^4\.1\.0$/,
  swift: /^2\.\d+\.\d+$/,
  etcd: /^3\.\d+\.\d+$/,
  rabbitmq: /^\d+\.\d+\.\d+$/,
  redis: /^\d+\.\d+\.\d+$/,
  zookeeper: /^3\.\d+\.\d+$/
}

const skip = (t: Test, reason: string): void => t.plan(0, reason)

const portOf = ({ url }: Engine): number => Number(new URL(url).port)

for (const name of engineNames)
  t.test(`${name} answers in the version that is asked for`, async (t) => {
    if (process.env[variableOf[name]] !== undefined) return skip(t, `${variableOf[name]} names another server`)
    const engine = await engineFor(name)
    if ('missing' in engine) return skip(t, engine.missing)
    t.match(await kinds[name].version(portOf(engine)), versions[name])
    await engine.stop()
  })

t.test('a server that a variable names is used as it is', async (t) => {
  const before = process.env.RALPH_TEST_ES_URL
  process.env.RALPH_TEST_ES_URL = 'https://somebody:secret@search.example.org:9200/'
  t.teardown(() => {
    if (before === undefined) delete process.env.RALPH_TEST_ES_URL
    else process.env.RALPH_TEST_ES_URL = before
  })
  t.match(await engineFor('es'), { url: 'https://somebody:secret@search.example.org:9200' })
})

t.test('a missing engine is a reason to skip, and a failure where all are required', async (t) => {
  const { CI, RALPH_TEST_REQUIRE_ENGINES } = process.env
  t.teardown(() => {
    for (const [name, value] of Object.entries({ CI, RALPH_TEST_REQUIRE_ENGINES }))
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  })
  delete process.env.RALPH_TEST_REQUIRE_ENGINES
  for (const off of ['', '0', 'false']) {
    process.env.CI = off
    t.same(unlessRequired('not here'), { missing: 'not here' })
  }
  process.env.CI = 'true'
  t.throws(() => unlessRequired('not here'), { message: 'not here' })
  process.env.CI = ''
  process.env.RALPH_TEST_REQUIRE_ENGINES = 'true'
  t.throws(() => unlessRequired('not here'), { message: 'not here' })
})

/** How many documents or rows an engine has: written and counted without its client. */
interface Counter {
  add(engine: Engine): Promise<void>
  count(engine: Engine): Promise<number>
}

const ask = async (url: string, body?: string): Promise<string> => {
  const method = body === undefined ? 'GET' : 'POST'
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body ? { body } : {})
  })
  const said = await answer.text()
  if (!answer.ok) throw new Error(said)
  return said
}

const elasticsearch: Counter = {
  add: async ({ url }) => void (await ask(`${url}/counted/_doc`, '{}')),
  count: async ({ url }) => {
    await ask(`${url}/counted/_refresh`)
    return Number(/"count":(\d+)/.exec(await ask(`${url}/counted/_count`))?.[1])
  }
}

const sql = async ({ url }: Engine, statement: string): Promise<readonly unknown[]> => {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query({ text: statement, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

const collection = async <T>({ url }: Engine, use: (counted: Collection) => Promise<T>): Promise<T> => {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1000 })
  try {
    return await use(client.db('test').collection('counted'))
  } finally {
    await client.close()
  }
}

const onChannel = async <T>(url: string, use: (channel: ConfirmChannel) => Promise<T>): Promise<T> => {
  const connection = await connect(url)
  try {
    return await use(await connection.createConfirmChannel())
  } finally {
    await connection.close()
  }
}

const redisOf = (url: string) => createClient({ url, socket: { reconnectStrategy: false } })

const onRedis = async <T>(url: string, use: (client: ReturnType<typeof redisOf>) => Promise<T>): Promise<T> => {
  const client = redisOf(url)
  client.on('error', () => {})
  await client.connect()
  try {
    return await use(client)
  } finally {
    client.destroy()
  }
}

const counters: Readonly<Record<EngineName, Counter>> = {
  es: elasticsearch,
  es8: elasticsearch,
  mongo: {
    add: (engine) => collection(engine, async (counted) => void (await counted.insertOne({}))),
    count: (engine) => collection(engine, (counted) => counted.countDocuments())
  },
  clickhouse: {
    add: async ({ url }) => {
      await ask(url, 'CREATE TABLE IF NOT EXISTS counted (n Int8) ENGINE MergeTree ORDER BY n')
      await ask(url, 'INSERT INTO counted VALUES (1)')
    },
    count: async ({ url }) => Number(await ask(url, 'SELECT count() FROM counted'))
  },
  postgres: {
    add: async (engine) => {
      await sql(engine, 'CREATE TABLE IF NOT EXISTS counted ()')
      await sql(engine, 'INSERT INTO counted DEFAULT VALUES')
    },
    count: async (engine) => Number((await sql(engine, 'SELECT count(*) FROM counted'))[0])
  },
  s3: {
    add: async ({ url }) => {
      const client = s3ClientOf(url)
      await client.send(new CreateBucketCommand({ Bucket: 'counted' }))
      await client.send(new PutObjectCommand({ Bucket: 'counted', Key: 'one', Body: 'x' }))
    },
    count: async ({ url }) => {
      const page = await s3ClientOf(url).send(new ListObjectsV2Command({ Bucket: 'counted' }))
      return page.Contents?.length ?? 0
    }
  },
  zookeeper: {
    add: async ({ url }) => {
      const registry = await aRegistry({ provider: 'zookeeper', endpoints: url, bucket: 'counted' })
      await registry.put('one', Buffer.from('1'))
      await registry.close()
    },
    count: async ({ url }) => {
      const registry = await aRegistry({ provider: 'zookeeper', endpoints: url, bucket: 'counted' })
      const pairs = await registry.list('')
      await registry.close()
      return pairs.length
    }
  },
  etcd: {
    add: async ({ url }) => {
      await ask(`${url}/v3/kv/put`, JSON.stringify({ key: 'Y291bnRlZA==', value: 'MQ==' }))
    },
    count: async ({ url }) =>
      Number(/"count":"(\d+)"/.exec(await ask(`${url}/v3/kv/range`, JSON.stringify({ key: 'Y291bnRlZA==' })))?.[1])
  },
  swift: {
    add: async ({ url }) => {
      for (const path of ['/counted', '/counted/one']) await askSwift(url, 'PUT', path)
    },
    count: async ({ url }) => {
      const names = await (await askSwift(url, 'GET', '/counted')).text()
      return names.split('\n').filter(Boolean).length
    }
  },
  rabbitmq: {
    add: ({ url }) =>
      onChannel(url, async (channel) => {
        await channel.assertQueue('counted', { durable: true })
        channel.sendToQueue('counted', Buffer.from('x'), { persistent: true })
        await channel.waitForConfirms()
      }),
    count: ({ url }) => onChannel(url, async (channel) => (await channel.checkQueue('counted')).messageCount)
  },
  redis: {
    add: ({ url }) => onRedis(url, async (client) => void (await client.rPush('counted', 'x'))),
    count: ({ url }) => onRedis(url, (client) => client.lLen('counted'))
  }
}

const startIn = async (t: Test, name: EngineName): Promise<PrivateEngine | string> => {
  const engine = await ownEngine(t, name)
  return 'missing' in engine ? engine.missing : engine
}

for (const name of engineNames)
  t.test(`${name} of one's own keeps what it has acknowledged when it is killed`, async (t) => {
    const engine = await startIn(t, name)
    if (typeof engine === 'string') return skip(t, engine)
    const { add, count } = counters[name]
    await add(engine)
    await engine.kill()
    t.notOk(engine.isRunning())
    await t.rejects(count(engine))
    await engine.restart()
    t.equal(await count(engine), 1)
  })

t.test("an engine of one's own restarts while it runs, where it was", async (t) => {
  const engine = await startIn(t, 'mongo')
  if (typeof engine === 'string') return skip(t, engine)
  const { add, count } = counters.mongo
  const { pid } = engine
  await add(engine)
  await engine.restart()
  t.not(engine.pid, pid)
  t.equal(await count(engine), 1)
})

t.test("an engine of one's own forces what it acknowledges to the disk", async (t) => {
  const engine = await startIn(t, 'postgres')
  if (typeof engine === 'string') return skip(t, engine)
  t.same(await sql(engine, 'SHOW fsync'), ['on'])
})

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await wait(20)
}

/** Works in a checkout of its own, so that nothing happens to the engines that the other tests share. */
const inCheckout = async (t: Test, work: (directory: string) => Promise<void>): Promise<void> => {
  // Its path names the keepers: an earlier one may still be there.
  const directory = join(t.testdir(), randomUUID())
  cpSync(sources, join(directory, 'test/support/engines'), { recursive: true })
  try {
    await work(directory)
  } finally {
    await stopShared(directory)
  }
}

/** A process that uses the shared PostgreSQL, and says where it is, until its input ends or it is killed. */
const user = (t: Test, directory: string) => {
  const script = `
    import { engineFor } from './test/support/engines/engine-for.ts'
    const { url } = await engineFor('postgres')
    process.stdout.write(url)
    process.stdin.resume()`
  const words = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script]
  const child = spawn(process.execPath, words, { cwd: directory, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  return {
    child,
    url: async (): Promise<string> => {
      const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
      if (!Buffer.isBuffer(said)) throw new Error('There is no shared PostgreSQL')
      return said.toString()
    },
    end: async () => {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    }
  }
}

const stopShared = async (directory: string): Promise<string> => {
  const child = spawn(process.execPath, [join(directory, 'test/support/engines/stop.ts')], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  return text(child.stdout)
}

const postmaster = (directory: string): number =>
  Number(readFileSync(join(directory, '.engines/run/postgres/data/postmaster.pid'), 'utf8').split('\n')[0])

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

t.test('processes share an engine, which outlives them a while and any stop ends', async (t) => {
  const lacking = kinds.postgres.missing()
  if (lacking !== undefined) return skip(t, lacking)
  await inCheckout(t, async (directory) => {
    const users = [user(t, directory), user(t, directory), user(t, directory)]
    const urls = await Promise.all(users.map(({ url }) => url()))
    t.equal(new Set(urls).size, 1, { urls })
    const pid = postmaster(directory)
    const [first, ...others] = users
    first?.child.kill('SIGKILL')
    for (const { end } of others) await end()
    const late = user(t, directory)
    t.equal(await late.url(), urls[0])
    t.ok(isAlive(pid))
    t.equal(await stopShared(directory), 'postgres: stopped\n')
    t.notOk(isAlive(pid))
    t.notOk(existsSync(join(directory, '.engines/run/postgres')))
    t.equal(await stopShared(directory), '')
  })
})

t.test('an engine ends with whoever keeps it, and the next user gets another', async (t) => {
  const lacking = kinds.postgres.missing()
  if (lacking !== undefined) return skip(t, lacking)
  await inCheckout(t, async (directory) => {
    await user(t, directory).url()
    const pid = postmaster(directory)
    const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
    process.kill(parent, 'SIGKILL')
    await until(() => !isAlive(pid))
    // What was left behind is no obstacle.
    writeFileSync(join(directory, '.engines/run/postgres/left-behind'), '')
    await user(t, directory).url()
    t.ok(isAlive(postmaster(directory)))
    t.notOk(existsSync(join(directory, '.engines/run/postgres/left-behind')))
  })
})
