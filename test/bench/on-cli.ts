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
 * The commands that filter lines, whole process, from a file to nowhere; beside Python Ralph where RALPH_BENCH_PEER
 * names the `bin` folder of a Python environment that has it. Both get the same file, in turn. Prints Markdown.
 */
const { values: options } = parseArgs({
  options: {
    lines: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '2' }
  }
})
const lines = Number(options.lines)
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

/** The most memory that the child of a process had resident, in bytes; undefined or NaN where Linux does not tell, or no more. */
const peakBelow = (pid: number | undefined): number | undefined => {
  try {
    const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    const status = readFileSync(`/proc/${child}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  } catch {
    return undefined
  }
}

interface Run {
  readonly seconds: number
  /** Of all threads, in the program and in the kernel. */
  readonly cpuSeconds: number
  readonly peak: number
}

/** Node does not tell what a child has used. A shell does: its last line is the time of its children, `0m1.25s 0m0.10s`. */
const script = '"$@" >/dev/null 2>&1; code=$?; times; exit $code'

const cpuSecondsIn = (printed: string): number => {
  const times = printed.trim().split('\n').at(-1) ?? ''
  return [...times.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + Number(m) * 60 + Number(s), 0)
}

const run = async (file: string, words: readonly string[], input: string | undefined): Promise<Run> => {
  const start = performance.now()
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r')
  const child = spawn('sh', ['-c', script, 'sh', file, ...words], { stdio: [stdin, 'pipe', 'ignore'], cwd: work })
  let printed = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, peakBelow(child.pid) || 0)
  }, 50)
  const [code] = await once(child, 'close')
  clearInterval(watch)
  if (typeof stdin === 'number') closeSync(stdin)
  if (code !== 0) throw new Error(`${file} ${words.join(' ')} ended with ${code}`)
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: cpuSecondsIn(printed), peak }
}

const bestOf = (runs: readonly Run[]): Run => ({
  seconds: Math.min(...runs.map(({ seconds }) => seconds)),
  cpuSeconds: Math.min(...runs.map(({ cpuSeconds }) => cpuSeconds)),
  peak: Math.max(...runs.map(({ peak }) => peak))
})

/** In turn, so that what else the machine does slows both down. */
const compare = async (words: readonly string[], input?: string): Promise<{ ours: Run; theirs: Run | undefined }> => {
  const ours: Run[] = []
  const theirs: Run[] = []
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await run(process.execPath, [entries.dist, ...words], input))
    if (peer !== undefined) theirs.push(await run(join(peer, 'ralph'), words, input))
  }
  return { ours: bestOf(ours), theirs: theirs.length === 0 ? undefined : bestOf(theirs) }
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}
const count = (number: number): string => Math.round(number).toLocaleString('en-US')
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const inSeconds = (seconds: number | undefined): string => (seconds === undefined ? '' : `${seconds.toFixed(2)} s`)
const times = (one: number | undefined, other: number): string =>
  one === undefined ? 'not measured' : `${(one / other).toFixed(1)} ×`

const cellsOf = (ours: Run, theirs: Run | undefined): readonly string[] => [
  inSeconds(ours.cpuSeconds),
  inSeconds(theirs?.cpuSeconds),
  times(theirs?.cpuSeconds, ours.cpuSeconds),
  inSeconds(ours.seconds),
  inSeconds(theirs?.seconds),
  times(theirs?.seconds, ours.seconds)
]

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
    const file = await fill(`${form}.jsonl`, lines, nextOf[form])
    const { ours, theirs } = await compare(words, file)
    table.push(row(name, ...cellsOf(ours, theirs), `≥ ${target} ×`, `${count(ours.peak / 2 ** 20)} MB`))
  }
  say('--version')
  const { ours, theirs } = await compare(['--version'])
  table.push(row('--version', ...cellsOf(ours, theirs), '', ''))
  return [
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${count(totalmem() / 2 ** 30)} GB, ` +
      `Linux ${release()}, Node ${process.versions.node}; ${count(lines)} lines, ` +
      `statements: ${corpusName}, the best of ${rounds} runs in turn, whole process.`,
    '',
    row(
      'command',
      'CPU, Ralph',
      'CPU, Python Ralph',
      'ratio',
      'time, Ralph',
      'time, Python Ralph',
      'ratio',
      'target',
      'memory'
    ),
    row('---', ...Array<string>(8).fill('---:')),
    ...table
  ]
}

try {
  process.stdout.write(`${(await measure()).join('\n')}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
