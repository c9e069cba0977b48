import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { corpusName, corpusSize } from './corpus.ts'
import type { LoadOrder, LoadReport } from './load.ts'
import { filterPaths } from './queries.ts'
import { createAppDir, entries, type RunningServer, root, startRalph } from './ralph.ts'

/**
 * `npm run bench [-- --big] [-- --seconds 3] [-- --rounds 3]`: Ralph on SQLite beside the most that Fastify, SQLite and
 * the network give on this machine, in the same run, each in a process of its own, by turns. Prints Markdown.
 */
const { values: options } = parseArgs({
  options: {
    /** 2,000,000 statements instead of 200,000 in the large store. */
    big: { type: 'boolean', default: false },
    /** How long each measurement takes. */
    seconds: { type: 'string', default: '3' },
    /** How often each is taken, by turns with its ceiling. The median counts; of filters, the calmest. */
    rounds: { type: 'string', default: '3' }
  }
})
const seconds = Number(options.seconds)
const rounds = Number(options.rounds)
const largeSize = options.big ? 2_000_000 : 200_000
const filterRequests = 1000

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'ralph-bench-'))
const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const load = async (order: LoadOrder): Promise<LoadReport> => {
  const child = fork(file('load.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  child.send(order)
  const report = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)])
  if (report === undefined) throw new Error(`load generation failed: ${JSON.stringify(order)}`)
  return report[0]
}

const startCeiling = async (...files: readonly string[]): Promise<{ readonly url: string; stop(): void }> => {
  const child = fork(file('ceiling-server.ts'), files, { execArgv: ['--disable-warning=ExperimentalWarning'] })
  const [url] = await once(child, 'message')
  return { url, stop: () => child.disconnect() }
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? Number.NaN

const several = async (measure: () => Promise<number>): Promise<number[]> => {
  const figures: number[] = []
  for (let round = 0; round < rounds; round++) figures.push(await measure())
  return figures
}

/** Measures both by turns, so that what else happens on the machine happens to both. */
const compare = async (
  ours: () => Promise<number>,
  ceiling: () => Promise<number>
): Promise<{ readonly ours: number; readonly ceiling: number }> => {
  const figures = { ours: [] as number[], ceiling: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    figures.ceiling.push(await ceiling())
    figures.ours.push(await ours())
  }
  say(`  Ralph ${figures.ours.map(count).join(', ')}; ceiling ${figures.ceiling.map(count).join(', ')}`)
  return { ours: median(figures.ours), ceiling: median(figures.ceiling) }
}

const posting = (url: string, size: number, connections: number) => async (): Promise<number> =>
  (await load({ kind: 'post', url, size, connections, seconds })).requestsPerSecond * size

const getting = (url: string, until?: readonly [from: number, to: number]) => async (): Promise<number> => {
  const order = { kind: 'get', url, path: '/xAPI/statements?limit=100', connections: 8, seconds } as const
  return (await load(until === undefined ? order : { ...order, until })).requestsPerSecond
}

let databases = 0
const bareSqlite = async (): Promise<number> =>
  Number(
    execFileSync(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      file('ceiling-sqlite.ts'),
      join(work, `bare-${databases++}.db`),
      String(seconds)
    ]).toString()
  )

const startingTimes = async (entry: string): Promise<number> => {
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const server = await startRalph(createAppDir(join(work, `start-${round}`)), entry)
    times.push(server.startedIn)
    await server.stop()
  }
  return median(times)
}

const count = (number: number): string => Math.round(number).toLocaleString('en-US')
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const against = (
  what: string,
  unit: string,
  { ours, ceiling }: { ours: number; ceiling: number },
  target?: number
): string =>
  row(
    what,
    `${count(ours)} ${unit}`,
    `${count(ceiling)} ${unit}`,
    `${(ours / ceiling).toFixed(2)} ×`,
    target === undefined ? '' : `≥ ${target} ×`
  )

/** How fast each filter answers, in the calmest round: what else the machine does makes the slowest requests slower. */
const measureFilters = async (server: RunningServer, filters: ReturnType<typeof filterPaths>) => {
  const figures = new Map<string, LoadReport>()
  for (const [filter, paths] of Object.entries(filters)) {
    const passes: LoadReport[] = []
    for (let round = 0; round < rounds; round++) {
      passes.push(await load({ kind: 'ask', url: server.url, paths, requests: filterRequests }))
    }
    const [report] = passes.sort((left, right) => left.p99 - right.p99)
    if (report === undefined) throw new Error('a filter needs at least one round')
    say(`  ${filter}: p50 ${report.p50.toFixed(2)} ms, p99 ${report.p99.toFixed(2)} ms`)
    figures.set(filter, report)
  }
  return figures
}

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version

const run = async (): Promise<string[]> => {
  const lines: string[] = []
  say('building dist/')
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'src')])

  say('start to first answer')
  const started = { dist: await startingTimes(entries.dist), src: await startingTimes(entries.src) }

  // The first store takes what is posted; the second is filled in order and asked.
  const writer = await startRalph(createAppDir(join(work, 'writer')), entries.dist)
  const reader = await startRalph(createAppDir(join(work, 'reader')), entries.dist)
  say(`filling a store with ${count(corpusSize)} statements`)
  await load({ kind: 'fill', url: reader.url, from: 0, to: corpusSize / 2 })
  const middle = new Date().toISOString()
  await load({ kind: 'fill', url: reader.url, from: corpusSize / 2, to: corpusSize })
  const secondHalf = [Date.parse(middle), Date.now()] as const

  const authorization = `Basic ${Buffer.from('janedoe:supersecret').toString('base64')}`
  const response = await fetch(`${reader.url}/xAPI/statements?limit=100`, { headers: { authorization } })
  const page = join(work, 'page.json')
  writeFileSync(page, Buffer.from(await response.arrayBuffer()))
  const ceiling = await startCeiling(page)
  const durable = await startCeiling(page, join(work, 'ceiling.db'))

  say('POST of 1, 32 connections')
  const ones = await compare(posting(writer.url, 1, 32), posting(ceiling.url, 1, 32))
  const durableOnes = { ours: ones.ours, ceiling: median(await several(posting(durable.url, 1, 32))) }
  say('POST of 100, 4 connections')
  const hundreds = await compare(posting(writer.url, 100, 4), bareSqlite)
  const parsed = await posting(ceiling.url, 100, 8)()
  say('GET limit=100, 8 connections')
  const pages = await compare(getting(reader.url), getting(ceiling.url))
  say('GET limit=100, 8 connections, another page each time')
  const changing = await compare(getting(reader.url, secondHalf), getting(ceiling.url, secondHalf))

  const filters = filterPaths(corpusSize, middle)
  say(`each filter at ${count(corpusSize)} statements`)
  const small = await measureFilters(reader, filters)
  say(`filling up to ${count(largeSize)} statements`)
  const filled = await load({ kind: 'fill', url: reader.url, from: corpusSize, to: largeSize })
  say(`each filter at ${count(largeSize)} statements`)
  const large = await measureFilters(reader, filters)

  const peak = Math.max(writer.memory().peak, reader.memory().peak) / 2 ** 20
  const rest = Math.max(writer.memory().now, reader.memory().now) / 2 ** 20
  ceiling.stop()
  durable.stop()
  await Promise.all([writer.stop(), reader.stop()])

  const sqlite = execFileSync(process.execPath, ['-p', 'process.versions.sqlite']).toString().trim()
  lines.push(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores shared by server and load, ${count(totalmem() / 2 ** 30)} GB, ` +
      `Linux ${release()}, Node ${process.versions.node}, SQLite ${sqlite}, Fastify ${versionOf('fastify')}; ${corpusName}; ` +
      `median of ${rounds} runs of ${seconds} s.`,
    '',
    row('durable, all indexes', 'Ralph on SQLite', 'ceiling', 'ratio', 'target'),
    row('---', '---:', '---:', '---:', '---:'),
    against('POST of 1, 32 connections; Fastify that only parses', '/s', ones, 0.4),
    against('POST of 1, 32 connections; Fastify and a bare SQLite insert, one transaction a turn', '/s', durableOnes),
    against('POST of 100, 4 connections; a bare SQLite insert loop', 'statements/s', hundreds, 0.5),
    against('GET limit=100, 8 connections, the same page; the same bytes from memory', '/s', pages, 0.4),
    against('GET limit=100, 8 connections, another page each time; the same bytes from memory', '/s', changing, 0.4),
    row('POST of 100, 8 connections; Fastify that only parses', '', `${count(parsed)} statements/s`, '', ''),
    row(
      `filling from ${count(corpusSize)} to ${count(largeSize)}`,
      `${count(filled.requestsPerSecond)} statements/s`,
      '',
      '',
      ''
    ),
    row('resident memory, most during all of this', `${count(peak)} MB`, '', '', '≤ 200 MB'),
    row('resident memory, at the end', `${count(rest)} MB`, '', '', ''),
    row('start to first answer, compiled', `${count(started.dist)} ms`, '', '', '< 500 ms'),
    row('start to first answer, from source', `${count(started.src)} ms`, '', '', ''),
    '',
    row(
      'filter, 20 statements a page',
      `p50 at ${count(corpusSize)}`,
      `p50 at ${count(largeSize)}`,
      `p99 at ${count(corpusSize)}`,
      `p99 at ${count(largeSize)}`,
      'growth of p99 (target < 2 ×)'
    ),
    row('---', '---:', '---:', '---:', '---:', '---:')
  )
  const milliseconds = (time: number): string => `${time.toFixed(2)} ms`
  for (const [filter, before] of small) {
    const after = large.get(filter) ?? before
    const times = [before.p50, after.p50, before.p99, after.p99].map(milliseconds)
    lines.push(row(filter, ...times, `${(after.p99 / before.p99).toFixed(1)} ×`))
  }
  return lines
}

// Leaving by a signal ends the processes that were started, as leaving at the end does.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
try {
  process.stdout.write(`${(await run()).join('\n')}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
