import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { variablesFor } from '../support/engine-variables.ts'
import type { PrivateEngine } from '../support/engines/engine.ts'
import { startPrivateEngine } from '../support/engines/private-engine.ts'
import { onBroker, publish } from '../support/listening.ts'
import { sql } from '../support/postgres.ts'
import { freshStatements } from './corpus.ts'
import { entries } from './ralph.ts'

/**
 * `npm run bench -- listen-kills [--messages 100000] [--kills 10]`: messages of one statement each wait at a RabbitMQ, `ralph listen` takes
 * them into PostgreSQL, and listener, database and broker are killed (SIGKILL) in turn, so often each, spread over the messages. In the end
 * each message has one row and one final status, and each statement is there once; otherwise it fails. The test of kills does the same
 * with a few messages.
 */
const { values: options } = parseArgs({
  options: { messages: { type: 'string', default: '100000' }, kills: { type: 'string', default: '10' } }
})
const count = Number(options.messages)
const kills = Number(options.kills)
const work = mkdtempSync(join(tmpdir(), 'ralph-kills-'))
const queue = 'q_kills'
const began = performance.now()
const say = (text: string): void => {
  process.stdout.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}\n`)
}
const engines: PrivateEngine[] = []
let listener: ChildProcess | undefined
process.once('exit', () => listener?.kill('SIGKILL'))
const start = async (name: 'rabbitmq' | 'postgres'): Promise<PrivateEngine> => {
  const engine = await startPrivateEngine(name, join(work, name))
  if ('missing' in engine) throw new Error(engine.missing)
  engines.push(engine)
  return engine
}

/** The table of messages with a history: each change of a status is a row. */
const init = `
  CREATE TABLE IF NOT EXISTS messages (uuid UUID PRIMARY KEY, meta_location TEXT, data_location TEXT, data_type TEXT, status TEXT NOT NULL,
    info TEXT, created_at TIMESTAMPTZ NOT NULL DEFAULT now(), updated_at TIMESTAMPTZ NOT NULL DEFAULT now());
  CREATE TABLE IF NOT EXISTS history (uuid UUID, status TEXT);
  CREATE OR REPLACE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO history VALUES (NEW.uuid, NEW.status); RETURN NEW; END';
  CREATE OR REPLACE TRIGGER remember AFTER INSERT OR UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION remember();
`

const listenTo = async (broker: PrivateEngine, database: PrivateEngine): Promise<ChildProcess> => {
  const directory = join(work, 'listen')
  mkdirSync(directory, { recursive: true })
  const { port, username, hostname } = new URL(database.url)
  writeFileSync(join(directory, 'init.sql'), init)
  writeFileSync(
    join(directory, 'sqapi.yml'),
    `msg_broker: {port: ${new URL(broker.url).port}, routing_key: ${queue}, process_delay: 0}
data_store: {type: message}
database: {type: postgres, init: init.sql, connection: {host: ${hostname}, port: ${port}, user: ${username}}}
`
  )
  const child = spawn(process.execPath, [entries.src, 'listen', '-c', 'sqapi.yml'], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      RALPH_APP_DIR: directory,
      RALPH_TEMP_DIR: directory,
      RALPH_RUNSERVER_BACKEND: 'postgres',
      ...variablesFor('postgres', database.url, 'kills')
    },
    stdio: ['ignore', 'ignore', 'pipe']
  })
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4000)
  })
  listener = child
  while (!log.includes('listening to')) {
    if (child.exitCode !== null) throw new Error(log)
    await wait(20)
  }
  return child
}

const numberOf = async (url: string, text: string): Promise<number> => Number((await sql(url, text))[0]?.n)

try {
  const [broker, database] = [await start('rabbitmq'), await start('postgres')]
  await onBroker(broker.url, (channel) => channel.assertQueue(queue, { durable: true }))
  const statements = freshStatements()
  for (let left = count; left > 0; left -= 1000) {
    const some = Array.from({ length: Math.min(left, 1000) }, () => {
      const statement: string = statements.next()
      const uuid_ref: string = JSON.parse(statement).id
      return {
        uuid_ref,
        data_type: 'application/json',
        data_location: 'statement',
        meta_location: 'none',
        statement
      }
    })
    await publish(broker.url, { key: queue }, ...some)
  }
  say(`${count} messages wait`)
  let running = await listenTo(broker, database)
  const done = (): Promise<number> =>
    numberOf(database.url, "SELECT count(*) AS n FROM messages WHERE status = 'DONE'").catch(() => -1)
  const until = async (least: number): Promise<number> => {
    const limit = performance.now() + 600_000
    for (;;) {
      const now = await done()
      if (now >= least) return now
      if (running.exitCode !== null) throw new Error(`the listener has ended with ${running.exitCode}`)
      if (performance.now() > limit) throw new Error(`nothing goes on: ${now} are DONE`)
      await wait(20)
    }
  }
  const victims = ['listener', 'database', 'broker'] as const
  const all = kills * victims.length
  for (let kill = 0; kill < all; kill += 1) {
    const victim = victims[kill % victims.length]
    const at = await until(Math.floor((count * (kill + 1)) / (all + 2)))
    if (at >= count) throw new Error('all was done before the last kill')
    if (victim === 'listener') {
      running.kill('SIGKILL')
      await once(running, 'exit')
      running = await listenTo(broker, database)
    } else {
      const engine = victim === 'database' ? database : broker
      await engine.kill()
      await engine.restart()
    }
    say(`kill ${kill + 1}: ${victim}, when ${at} were DONE`)
  }
  await until(count)
  const waiting = (): Promise<number> =>
    onBroker(broker.url, async (channel) => (await channel.checkQueue(queue)).messageCount)
  while ((await waiting()) > 0) await wait(100)
  const ended = once(running, 'exit')
  running.kill('SIGTERM')
  await ended
  const rest = await waiting()
  const sums = {
    rows: await numberOf(database.url, 'SELECT count(*) AS n FROM messages'),
    done: await done(),
    'with two final statuses': await numberOf(
      database.url,
      "SELECT count(*) AS n FROM (SELECT uuid FROM history WHERE status IN ('DONE', 'FAILED', 'SKIPPED') GROUP BY uuid HAVING count(DISTINCT status) > 1) AS x"
    ),
    'processed twice': await numberOf(
      database.url,
      "SELECT count(*) AS n FROM (SELECT uuid FROM history WHERE status = 'DONE' GROUP BY uuid HAVING count(*) > 1) AS x"
    ),
    'tried again': await numberOf(database.url, "SELECT count(DISTINCT uuid) AS n FROM history WHERE status = 'RETRY'"),
    statements: await numberOf(database.url, 'SELECT count(*) AS n FROM kills.statement'),
    'distinct statements': await numberOf(database.url, 'SELECT count(DISTINCT id) AS n FROM kills.statement'),
    'messages whose statement lacks': await numberOf(
      database.url,
      'SELECT count(*) AS n FROM messages LEFT JOIN kills.statement ON id = uuid WHERE id IS NULL'
    ),
    'left at the broker': rest
  }
  for (const [name, sum] of Object.entries(sums)) say(`${name}: ${sum}`)
  const isRight =
    [sums.rows, sums.done, sums.statements, sums['distinct statements']].every((each) => each === count) &&
    sums['with two final statuses'] + sums['messages whose statement lacks'] + rest === 0
  say(isRight ? 'right' : 'WRONG')
  process.exitCode = isRight ? 0 : 1
} finally {
  for (const each of engines) await each.stop()
  rmSync(work, { recursive: true, force: true })
}
