import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, createWriteStream, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRandom } from '../../src/sample/random.ts'
import { edxEvent, ralphKinds } from '../edx/events.ts'
import { corpusName, freshStatements } from './corpus.ts'
import { entries, root } from './ralph.ts'

/**
 * The commands that filter lines, whole process, from a file to nowhere; beside the original Ralph where
 * RALPH_BENCH_PEER names the `bin` folder of a Python environment that has it. Prints Markdown.
 */
const { values: options } = parseArgs({
  options: {
    /** Lines for ours; the original gets `peer` of them. */
    lines: { type: 'string', default: '200000' },
    peer: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' }
  }
})
const lines = Number(options.lines)
const peerLines = Number(options.peer)
const rounds = Number(options.rounds)
const peer = process.env.RALPH_BENCH_PEER
const work = mkdtempSync(join(tmpdir(), 'ralph-bench-'))

const fill = async (name: string, count: number, next: () => string): Promise<string> => {
  const file = join(work, name)
  const out = createWriteStream(file)
  for (let line = 0; line < count; line += 1) {
    if (!out.write(`${next()}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
  return file
}

/** The most memory that a process had resident, in bytes; undefined or NaN where Linux does not tell, or no more. */
const peakOf = (pid: number | undefined): number | undefined => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  } catch {
    return undefined
  }
}

interface Run {
  readonly seconds: number
  readonly peak: number
}

const run = async (file: string, words: readonly string[], input: string | undefined): Promise<Run> => {
  const start = performance.now()
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r')
  const child = spawn(file, words, { stdio: [stdin, 'ignore', 'ignore'], cwd: work })
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid) || 0)
  }, 50)
  const [code] = await once(child, 'exit')
  clearInterval(watch)
  if (typeof stdin === 'number') closeSync(stdin)
  if (code !== 0) throw new Error(`${file} ${words.join(' ')} ended with ${code}`)
  return { seconds: (performance.now() - start) / 1000, peak }
}

const best = async (file: string, words: readonly string[], input?: string): Promise<Run> => {
  const runs: Run[] = []
  for (let round = 0; round < rounds; round += 1) runs.push(await run(file, words, input))
  const seconds = Math.min(...runs.map((each) => each.seconds))
  return { seconds, peak: Math.max(...runs.map(({ peak }) => peak)) }
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}
const count = (number: number): string => Math.round(number).toLocaleString('en-US')
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const measure = async (): Promise<string[]> => {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'src')])
  const statements = freshStatements()
  const random = createRandom(1)
  let kind = 0
  const event = (): string => {
    const { source, type } = ralphKinds[kind++ % ralphKinds.length] ?? { source: 'server', type: '<context.path>' }
    return JSON.stringify(edxEvent(random, { source, type }, { asText: false }))
  }
  const nextOf = {
    xapi: statements.next,
    edx: event,
    gelf: () => JSON.stringify({ version: '1.1', host: 'lms', short_message: event(), timestamp: 1 })
  }
  const convert = ['convert', '-f', 'edx', '-t', 'xapi', '-p', 'https://lms.example.org']
  const uuid = ['-u', 'ee241f8b-174f-5bdb-bae9-c09de5fe017f']
  const commands = [
    { name: 'validate -f xapi', kind: 'xapi', words: ['validate', '-f', 'xapi', '-I'], target: 20 },
    { name: 'validate -f edx', kind: 'edx', words: ['validate', '-f', 'edx', '-I'], target: 20 },
    { name: 'convert -f edx -t xapi', kind: 'edx', words: [...convert, ...uuid, '-I'], target: 25 },
    { name: 'extract -p gelf', kind: 'gelf', words: ['extract', '-p', 'gelf'], target: 20 }
  ] as const
  const table: string[] = []
  for (const { name, kind: form, words, target } of commands) {
    say(name)
    const long = await fill(`${form}-long.jsonl`, lines, nextOf[form])
    const ours = await best(process.execPath, [entries.dist, ...words], long)
    const rate = lines / ours.seconds
    let theirs = Number.NaN
    if (peer !== undefined) {
      const short = await fill(`${form}-short.jsonl`, peerLines, nextOf[form])
      theirs = peerLines / (await run(join(peer, 'ralph'), words, short)).seconds
    }
    const ratio = Number.isNaN(theirs) ? '' : `${(rate / theirs).toFixed(1)} ×`
    const peerRate = Number.isNaN(theirs) ? 'not measured' : `${count(theirs)} /s`
    table.push(row(name, `${count(rate)} /s`, peerRate, ratio, `≥ ${target} ×`, `${count(ours.peak / 2 ** 20)} MB`))
  }
  say('--version')
  const version = await best(process.execPath, [entries.dist, '--version'])
  const theirs = peer === undefined ? undefined : await run(join(peer, 'ralph'), ['--version'], undefined)
  const peerTime = theirs === undefined ? 'not measured' : `${theirs.seconds.toFixed(2)} s`
  table.push(row('--version', `${version.seconds.toFixed(2)} s`, peerTime, '', '< 0.15 s', ''))
  return [
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${count(totalmem() / 2 ** 30)} GB, ` +
      `Linux ${release()}, Node ${process.versions.node}; ${count(lines)} lines (the original: ${count(peerLines)}), ` +
      `statements: ${corpusName}, the best of ${rounds} runs, whole process.`,
    '',
    row('command', 'events of ours', 'of the original Ralph', 'ratio', 'target', 'resident memory, most'),
    row('---', '---:', '---:', '---:', '---:', '---:'),
    ...table
  ]
}

try {
  process.stdout.write(`${(await measure()).join('\n')}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
