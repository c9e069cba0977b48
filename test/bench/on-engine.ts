import { execFileSync, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { prepareEngine, variablesFor } from '../support/engine-variables.ts'
import { startPrivateEngine } from '../support/engines/private-engine.ts'
import { bareEngines } from './bare.ts'
import { corpusName, corpusSize } from './corpus.ts'
import type { LoadOrder, LoadReport } from './load.ts'
import { filterPaths } from './queries.ts'
import { createAppDir, entries, firstAnswer, freePort, root, startRalph } from './ralph.ts'

/**
 * `npm run bench -- --backend es`: Ralph on a database server beside what that server does by itself, and beside
 * the original Ralph where RALPH_BENCH_PEER names the `bin` folder of a Python environment that has it. Prints Markdown.
 */
const { values: options } = parseArgs({
  options: {
    backend: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    /** Statements in the large store. */
    size: { type: 'string', default: '200000' }
  }
})
const names = ['es', 'mongo', 'clickhouse', 'postgres'] as const
const backend = names.find((name) => name === options.backend)
if (backend === undefined) throw new Error(`--backend must be one of ${names.join(', ')}`)
const seconds = Number(options.seconds)
const largeSize = Number(options.size)
const peer = process.env.RALPH_BENCH_PEER

const work = mkdtempSync(join(tmpdir(), 'ralph-bench-'))
const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const load = async (order: LoadOrder): Promise<LoadReport> => {
  const child = fork(fileURLToPath(new URL('load.ts', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  child.send(order)
  const report = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)])
  if (report === undefined) throw new Error(`load generation failed: ${JSON.stringify(order)}`)
  return report[0]
}

/** The original, as its own documentation starts it. */
const startPeer = async (bin: string, url: string) => {
  const appDir = join(work, 'peer')
  mkdirSync(appDir)
  const env = {
    ...process.env,
    RALPH_APP_DIR: appDir,
    RALPH_AUTH_FILE: join(appDir, 'auth.json'),
    ...variablesFor(backend, url, 'peer')
  }
  const user = [
    '-u',
    'janedoe',
    '-p',
    'supersecret',
    '-s',
    'all',
    '-M',
    'mailto:janedoe@example.org',
    '-N',
    'janedoe',
    '-w'
  ]
  execFileSync(join(bin, 'ralph'), ['auth', ...user], { env })
  const port = await freePort()
  const words = ['ralph.api:app', '--host', '127.0.0.1', '--port', String(port), '--log-level', 'error']
  const child = spawn(join(bin, 'uvicorn'), words, {
    cwd: appDir,
    env: { ...env, RALPH_RUNSERVER_BACKEND: backend },
    // It logs a trace for each request that a client gave up.
    stdio: 'ignore'
  })
  process.once('exit', () => child.kill('SIGKILL'))
  const at = `http://127.0.0.1:${port}`
  await firstAnswer(`${at}/__lbheartbeat__`, child)
  return { url: at, stop: () => child.kill('SIGKILL') }
}

/** Statements a second that the engine takes by itself, by so many writers at once. */
const bareRate = async (url: string, size: number, writers: number, companions: boolean): Promise<number> => {
  const bare = await bareEngines[backend](url, companions)
  let written = 0
  const run = async (duration: number): Promise<number> => {
    written = 0
    const start = performance.now()
    const end = start + duration
    const writer = async (): Promise<void> => {
      while (performance.now() < end) {
        await bare.write(size)
        written += size
      }
    }
    await Promise.all(Array.from({ length: writers }, writer))
    return written / ((performance.now() - start) / 1000)
  }
  await run(1000)
  const rate = await run(seconds * 1000)
  await bare.close()
  return rate
}

const posting = async (url: string, size: number, connections: number): Promise<number> =>
  (await load({ kind: 'post', url, size, connections, seconds })).requestsPerSecond * size

/** In seconds: requests of the peer take some, and some fail. */
const patience = Math.max(20, seconds)

const postingToPeer = async (url: string, size: number, connections: number): Promise<number> => {
  const order = { kind: 'post', url, size, connections, seconds: patience, mayFail: true } as const
  return (await load(order)).requestsPerSecond * size
}

const getting = async (url: string, duration = seconds): Promise<number> => {
  const order = { kind: 'get', url, path: '/xAPI/statements?limit=100', connections: 8, seconds: duration } as const
  return (await load(order)).requestsPerSecond
}

const count = (number: number): string =>
  Number.isNaN(number) ? 'not measured' : Math.round(number).toLocaleString('en-US')
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const ratio = (ours: number, other: number): string => (Number.isNaN(other) ? '' : `${(ours / other).toFixed(2)} ×`)

const run = async (): Promise<string[]> => {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'src')])
  const engine = await startPrivateEngine(backend, join(work, 'engine'), {
    // The emulator of MongoDB keeps nothing as a server would: what it does on a disk says nothing.
    durable: backend !== 'mongo',
    measured: true
  })
  if ('missing' in engine) throw new Error(engine.missing)
  const { url } = engine
  await prepareEngine(backend, url, 'ours')
  const ours = await startRalph(createAppDir(join(work, 'ours')), entries.dist, {
    backend,
    env: variablesFor(backend, url, 'ours')
  })
  say('POST of 1, 32 connections')
  const oneBare = await bareRate(url, 1, 32, false)
  const one = await posting(ours.url, 1, 32)
  say('POST of 100, 4 connections')
  const hundredPlain = await bareRate(url, 100, 4, false)
  const hundredBare = await bareRate(url, 100, 4, true)
  const hundred = await posting(ours.url, 100, 4)
  say('GET limit=100, 8 connections')
  const page = await getting(ours.url)
  const theirs = { one: Number.NaN, hundred: Number.NaN, page: Number.NaN }
  if (peer !== undefined && backend !== 'postgres') {
    say('the original Ralph')
    await prepareEngine(backend, url, 'peer')
    const original = await startPeer(peer, url)
    theirs.one = await postingToPeer(original.url, 1, 32)
    theirs.hundred = await postingToPeer(original.url, 100, 4)
    theirs.page = await getting(original.url, patience)
    original.stop()
  }
  const written = ours.memory()
  await ours.stop()

  await prepareEngine(backend, url, 'asked')
  const reader = await startRalph(createAppDir(join(work, 'reader')), entries.dist, {
    backend,
    env: variablesFor(backend, url, 'asked')
  })
  say(`filling a store with ${count(corpusSize)} statements`)
  await load({ kind: 'fill', url: reader.url, from: 0, to: corpusSize / 2 })
  const middle = new Date().toISOString()
  await load({ kind: 'fill', url: reader.url, from: corpusSize / 2, to: corpusSize })
  const filters = filterPaths(corpusSize, middle)
  const measure = async (): Promise<Map<string, LoadReport>> => {
    const figures = new Map<string, LoadReport>()
    for (const [filter, paths] of Object.entries(filters)) {
      figures.set(filter, await load({ kind: 'ask', url: reader.url, paths, requests: 200 }))
      say(`  ${filter}: p50 ${figures.get(filter)?.p50.toFixed(2)} ms`)
    }
    return figures
  }
  const small = await measure()
  say(`filling up to ${count(largeSize)} statements`)
  const filled = await load({ kind: 'fill', url: reader.url, from: corpusSize, to: largeSize })
  const large = await measure()
  const read = reader.memory()
  await reader.stop()
  await engine.stop()
  const milliseconds = (time: number | undefined): string => `${(time ?? Number.NaN).toFixed(2)} ms`
  return [
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores shared by server, engine and load, ` +
      `${count(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}; ${corpusName}; runs of ${seconds} s.`,
    '',
    row('', `Ralph on ${backend}`, 'the engine by itself', 'ratio', 'the original Ralph', 'ratio'),
    row('---', '---:', '---:', '---:', '---:', '---:'),
    row(
      'POST of 1, 32 connections',
      `${count(one)} /s`,
      `${count(oneBare)} /s`,
      ratio(one, oneBare),
      count(theirs.one),
      ratio(one, theirs.one)
    ),
    row(
      'POST of 100, 4 connections; with companion documents',
      `${count(hundred)} statements/s`,
      `${count(hundredBare)} /s`,
      ratio(hundred, hundredBare),
      count(theirs.hundred),
      ratio(hundred, theirs.hundred)
    ),
    row('the same without companions', '', `${count(hundredPlain)} /s`, ratio(hundred, hundredPlain), '', ''),
    row('GET limit=100, 8 connections', `${count(page)} /s`, '', '', count(theirs.page), ratio(page, theirs.page)),
    row(
      `filling from ${count(corpusSize)} to ${count(largeSize)}`,
      `${count(filled.requestsPerSecond)} statements/s`,
      '',
      '',
      '',
      ''
    ),
    row(
      'resident memory of the server, most',
      `${count(Math.max(written.peak, read.peak) / 2 ** 20)} MB`,
      '',
      '',
      '',
      ''
    ),
    '',
    row(
      'filter, 20 statements a page',
      `p50 at ${count(corpusSize)}`,
      `p50 at ${count(largeSize)}`,
      `p99 at ${count(corpusSize)}`,
      `p99 at ${count(largeSize)}`
    ),
    row('---', '---:', '---:', '---:', '---:'),
    ...[...small].map(([filter, before]) => {
      const after = large.get(filter)
      return row(filter, ...[before.p50, after?.p50, before.p99, after?.p99].map(milliseconds))
    })
  ]
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
try {
  process.stdout.write(`${(await run()).join('\n')}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
