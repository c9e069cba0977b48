import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { prepareEngine, variablesFor } from '../support/engine-variables.ts'
import { isDatabaseName, type PrivateEngine } from '../support/engines/engine.ts'
import { startPrivateEngine } from '../support/engines/private-engine.ts'
import type { GreedyReport } from './greedy-client.ts'
import { greedyRequests } from './greedy-requests.ts'
import type { ModestReport } from './modest-client.ts'
import { createAppDir, entries, startRalph } from './ralph.ts'

/**
 * `npm run bench -- greedy [--backend sqlite] [--only WORDS]`, with an engine of its own where the backend needs one: what others wait for while one authorised client asks for as
 * much as it can. Prints Markdown: the delay of the server's event loop, and the answers to others, in milliseconds. The
 * rule: no request keeps others waiting for more than 250 ms; the loop's p99 stays under 50 ms.
 */
const { values: options } = parseArgs({
  options: { backend: { type: 'string', default: 'sqlite' }, only: { type: 'string', default: '' } }
})
const work = mkdtempSync(join(tmpdir(), 'ralph-greedy-'))
const probeFile = join(work, 'probe.json')
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

interface Delays {
  readonly p50: number
  readonly p99: number
  readonly worst: number
  readonly busiest: number
}

const start = async (name: string, ...words: readonly string[]): Promise<ChildProcess> =>
  fork(file(name), words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })

const askProbe = async (pid: number): Promise<Delays> => {
  rmSync(probeFile, { force: true })
  process.kill(pid, 'SIGWINCH')
  while (!existsSync(probeFile) || readFileSync(probeFile).length === 0) await wait(5)
  return JSON.parse(readFileSync(probeFile, 'utf8'))
}

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const ms = (time: number): string => time.toFixed(time < 10 ? 1 : 0)

let engine: PrivateEngine | undefined

/** How the server is told of an engine of its own; for a backend that needs none nothing is started. */
const startEngine = async (): Promise<Readonly<Record<string, string>>> => {
  const { backend } = options
  if (!isDatabaseName(backend)) return {}
  // The emulator of MongoDB keeps nothing as a server would.
  const durable = backend !== 'mongo'
  const started = await startPrivateEngine(backend, join(work, 'engine'), { durable, measured: true })
  if ('missing' in started) throw new Error(started.missing)
  engine = started
  await prepareEngine(backend, engine.url, 'greedy')
  return variablesFor(backend, engine.url, 'greedy')
}

const server = await startRalph(
  createAppDir(join(work, 'app')),
  entries.src,
  { backend: options.backend, env: { LOOP_PROBE_FILE: probeFile, ...(await startEngine()) } },
  ['--import', file('loop-probe.ts')]
)

const measure = async (name: string): Promise<string> => {
  const greedy = await start('greedy-client.ts', server.url, name)
  await once(greedy, 'message')
  const modest = await start('modest-client.ts', server.url)
  await wait(1000)
  await askProbe(server.pid)
  greedy.send('go')
  const [{ took, answers }]: [GreedyReport] = (await once(greedy, 'message')) as [GreedyReport]
  await wait(200)
  const loop = await askProbe(server.pid)
  modest.send('stop')
  const [others]: [ModestReport] = (await once(modest, 'message')) as [ModestReport]
  const { now, peak } = server.memory()
  const line = row(
    name,
    `${(took / 1000).toFixed(1)} s`,
    [...new Set(answers.map((answer) => answer.split(' ', 1)[0]))].join(', '),
    ms(loop.p50),
    ms(loop.p99),
    ms(loop.worst),
    ms(loop.busiest),
    `${ms(others.p99)} / ${ms(others.worst)}${others.failed > 0 ? ` (${others.failed} failed)` : ''}`,
    `${Math.round(now / 2 ** 20)} / ${Math.round(peak / 2 ** 20)}`
  )
  process.stderr.write(`${line}\n`)
  for (const answer of new Set(answers)) if (!answer.startsWith('2')) process.stderr.write(`    ${answer}\n`)
  return line
}

try {
  const lines = [
    row(
      'One client asks',
      'takes',
      'status',
      'loop p50',
      'p99',
      'worst',
      'of it busy',
      'others p99 / worst',
      'MiB now / peak'
    ),
    row('---', '---', '---', '---', '---', '---', '---', '---', '---')
  ]
  const idle = server.memory().now
  for (const name of Object.keys(greedyRequests)) {
    if (name.includes(options.only)) lines.push(await measure(name))
  }
  process.stdout.write(`${lines.join('\n')}\n\nIdle: ${Math.round(idle / 2 ** 20)} MiB\n`)
} finally {
  await server.stop()
  await engine?.stop()
  rmSync(work, { recursive: true, force: true })
}
