import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { EngineName } from '../support/engines/engine.ts'
import { engineFor } from '../support/engines/engine-for.ts'

/** `npm run walk -- es`: which files of `src/` one POST of a statement runs through, and how many calls it makes. */

/** Loaded before the server: SIGWINCH begins counting, and the next SIGWINCH prints what was called. */
const counter = `
import { Session } from 'node:inspector/promises'
const session = new Session()
session.connect()
let counting = false
process.on('SIGWINCH', async () => {
  if (!counting) {
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
    await session.post('Profiler.takePreciseCoverage')
    counting = true
    console.log('WALK []')
    return
  }
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const walk = result
    .filter(({ url }) => url.startsWith(process.env.WALKED))
    .map(({ url, functions }) => ['src/' + url.slice(process.env.WALKED.length), functions.reduce((sum, { ranges }) => sum + ranges[0].count, 0)])
    .filter(([, calls]) => calls > 0)
  console.log('WALK ' + JSON.stringify(walk))
})`

const backend = process.argv[2] ?? 'sqlite'
const user = { Authorization: `Basic ${Buffer.from('janedoe:supersecret').toString('base64')}` }
const statement = JSON.stringify({
  actor: { mbox: 'mailto:ada@example.org' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/completed' },
  object: { id: 'https://example.org/courses/statistics' }
})

const urlVariables: { readonly [name: string]: string } = { es: 'HOSTS', mongo: 'CONNECTION_URI', postgres: 'URL' }
const engine = urlVariables[backend] === undefined ? undefined : await engineFor(backend as EngineName)
if (engine !== undefined && 'missing' in engine) throw new Error(engine.missing)
const directory = mkdtempSync(join(tmpdir(), 'ralph-walk-'))
// The user of the demo is a file of the checkout.
cpSync(new URL('../../.ralph/auth.json', import.meta.url), join(directory, '.ralph', 'auth.json'))
const main = new URL('../../src/main.ts', import.meta.url).pathname
const server = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    `--import=data:text/javascript,${encodeURIComponent(counter)}`,
    ...[main, 'runserver', '--demo', '--port', '0']
  ],
  {
    cwd: directory,
    env: {
      ...process.env,
      WALKED: new URL('../../src/', import.meta.url).href,
      RALPH_RUNSERVER_BACKEND: backend,
      ...(engine && { [`RALPH_BACKENDS__LRS__${backend.toUpperCase()}__${urlVariables[backend]}`]: engine.url })
    },
    stdio: ['ignore', 'pipe', 'pipe']
  }
)
const walks = createInterface(server.stdout)
const address = new Promise<string>((resolve) => {
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      const found = /http:\/\/[^\s"]+?:\d+/.exec(chunk.toString())
      if (found !== null) resolve(found[0])
    })
  }
})
const nextWalk = async (): Promise<readonly (readonly [file: string, calls: number])[]> => {
  for (;;) {
    const signalled = once(walks, 'line')
    const [line] = await signalled
    if (String(line).startsWith('WALK ')) return JSON.parse(String(line).slice('WALK '.length))
  }
}
const post = async (): Promise<void> => {
  const headers = { ...user, 'Content-Type': 'application/json' }
  const answer = await fetch(`${await address}/xAPI/statements`, { method: 'POST', headers, body: statement })
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
}
try {
  // The first requests load what only requests need, and open the store.
  for (let count = 0; count < 5; count += 1) await post()
  const begun = nextWalk()
  server.kill('SIGWINCH')
  await begun
  await post()
  const done = nextWalk()
  server.kill('SIGWINCH')
  const walk = [...(await done)].sort(([one], [other]) => (one < other ? -1 : 1))
  for (const [file, calls] of walk) process.stdout.write(`${String(calls).padStart(6)}  ${file}\n`)
  const calls = walk.reduce((sum, [, count]) => sum + count, 0)
  process.stdout.write(`${walk.length} files, ${calls} calls for one POST to ${backend}\n`)
} finally {
  server.kill('SIGTERM')
  await once(server, 'exit')
  rmSync(directory, { recursive: true })
  if (engine !== undefined && !('missing' in engine)) await engine.stop()
}
