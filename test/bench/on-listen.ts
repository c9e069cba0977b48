import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { prepareEngine, variablesFor } from '../support/engine-variables.ts'
import { isDatabaseName, type PrivateEngine } from '../support/engines/engine.ts'
import { startPrivateEngine } from '../support/engines/private-engine.ts'
import { onBroker, publish } from '../support/listening.ts'
import { freshStatements } from './corpus.ts'
import { entries } from './ralph.ts'

/**
 * `npm run bench -- listen [--messages 100000] [--backend sqlite]`: messages of one statement each that wait at a RabbitMQ
 * of its own; what the client library alone reaches, and `ralph listen` with the handler `lrs`: messages a second, memory.
 * Prints Markdown.
 */
const { values: options } = parseArgs({
  options: { messages: { type: 'string', default: '100000' }, backend: { type: 'string', default: 'sqlite' } }
})
const count = Number(options.messages)
const work = mkdtempSync(join(tmpdir(), 'ralph-listen-'))
const queue = 'q_bench'
const engines: PrivateEngine[] = []

const start = async (name: Parameters<typeof startPrivateEngine>[0]): Promise<PrivateEngine> => {
  const engine = await startPrivateEngine(name, join(work, name), { measured: true })
  if ('missing' in engine) throw new Error(engine.missing)
  engines.push(engine)
  return engine
}

const fill = async (url: string): Promise<void> => {
  await onBroker(url, (channel) => channel.assertQueue(queue, { durable: true }))
  const statements = freshStatements()
  for (let left = count; left > 0; left -= 1000) {
    const messages = Array.from({ length: Math.min(left, 1000) }, () => {
      const statement: string = statements.next()
      const { id } = JSON.parse(statement)
      return {
        uuid_ref: id,
        data_type: 'application/json',
        data_location: 'statement',
        meta_location: 'none',
        statement
      }
    })
    await publish(url, { key: queue }, ...messages)
  }
}

const kilobytes = (pid: number | undefined, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

/** Seconds of the processor, of all its threads. */
const processorOf = (pid: number | undefined): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const bare = async (url: string): Promise<number> => {
  const child = fork(fileURLToPath(new URL('bare-consumer.ts', import.meta.url)), [url, queue, String(count)])
  const [took] = await once(child, 'message')
  return Number(took)
}

const done = (file: string): number => {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  try {
    return Number(database.prepare("SELECT count(*) AS n FROM messages WHERE status = 'DONE'").get()?.n)
  } finally {
    database.close()
  }
}

const listen = async (url: string, env: Readonly<Record<string, string>>) => {
  const directory = join(work, 'listen')
  mkdirSync(directory)
  const yaml = `msg_broker: {port: ${new URL(url).port}, routing_key: ${queue}, process_delay: 0}\ndata_store: {type: message}\ndatabase: {type: sqlite}\n`
  writeFileSync(join(directory, 'sqapi.yml'), yaml)
  const child = spawn(process.execPath, [entries.src, 'listen', '-c', 'sqapi.yml'], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: directory, RALPH_APP_DIR: directory, RALPH_TEMP_DIR: directory, ...env },
    stdio: ['ignore', 'inherit', 'pipe']
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
    if (process.env.SHOW) process.stderr.write(text)
  })
  while (!log.includes('listening to')) {
    if (child.exitCode !== null) throw new Error(log)
    await wait(10)
  }
  const began = performance.now()
  const busy = processorOf(child.pid)
  const atStart = kilobytes(child.pid, 'VmRSS')
  while (done(join(directory, 'messages.db')) < count) {
    if (child.exitCode !== null || performance.now() - began > 1_800_000) throw new Error(log)
    await wait(100)
  }
  const took = (performance.now() - began) / 1000
  const result = { took, processor: processorOf(child.pid) - busy, atStart, peak: kilobytes(child.pid, 'VmHWM') }
  child.kill('SIGTERM')
  await once(child, 'exit')
  process.off('exit', kill)
  return result
}

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
const rate = (seconds: number): string => Math.round(count / seconds).toLocaleString('en-US')

try {
  const { url } = await start('rabbitmq')
  const { backend } = options
  let env: Readonly<Record<string, string>> = { RALPH_RUNSERVER_BACKEND: backend }
  if (isDatabaseName(backend)) {
    const engine = await start(backend)
    await prepareEngine(backend, engine.url, 'listen')
    env = { ...env, ...variablesFor(backend, engine.url, 'listen') }
  }
  await fill(url)
  const alone = await bare(url)
  await fill(url)
  const { took, processor, atStart, peak } = await listen(url, env)
  const lines = [
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Linux ${release()}, Node ${process.versions.node}; ${count} messages of one statement, store ${backend}, RabbitMQ on the same machine.`,
    '',
    row('', 'messages a second', 'seconds of processor', 'MB resident, at the start', 'most'),
    row('---', '---:', '---:', '---:', '---:'),
    row('the client library alone', rate(alone), '', '', ''),
    row(
      '`ralph listen`, handler `lrs`',
      rate(took),
      processor.toFixed(1),
      Math.round(atStart / 1024),
      Math.round(peak / 1024)
    )
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
} finally {
  for (const each of engines) await each.stop()
  rmSync(work, { recursive: true, force: true })
}
