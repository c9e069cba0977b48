import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { lrsBackends } from '../../src/backends/registry.ts'
import { versions } from '../../src/xapi/version.ts'
import { createAppDir, entries, firstAnswer, freePort } from '../bench/ralph.ts'
import { backendOf, prepareEngine, variablesFor } from '../support/engine-variables.ts'
import { isDatabaseName } from '../support/engines/engine.ts'
import { startPrivateEngine } from '../support/engines/private-engine.ts'

/**
 * `SUITE=folder npm run conformance [-- name …]`: scores each backend, on an empty store and as shipped (database servers
 * are started as tests start them; `es8` is Elasticsearch 8.19), with the conformance suite of ADL that is installed in the folder. Ends with 1 unless every test of every run passed. It is no
 * part of `npm test`, which needs nothing from outside this repository.
 */
const suite = process.env.SUITE
if (suite === undefined) throw new Error('SUITE must name the folder of the installed conformance suite')

/** A test that was never run is told from one that passed by this count alone. */
interface Record {
  readonly state: string
  readonly summary: { readonly total: number; readonly passed: number; readonly failed: number }
}

const runSuite = async (url: string, version: string): Promise<Record> => {
  // The suite throws where this file is missing.
  writeFileSync(join(suite, 'test/.env'), '')
  const script = [
    'bin/console_runner.js',
    '-e',
    `${url}/xAPI`,
    '-a',
    '-u',
    'janedoe',
    '-p',
    'supersecret',
    '-x',
    version
  ]
  const options = { cwd: suite, timeout: 25 * 60_000, maxBuffer: 2 ** 28 }
  // It exits with 1 when a test failed; what it wrote says which.
  const run = promisify(execFile)(process.execPath, ['--no-deprecation', ...script], options)
  const { stdout } = await run.catch((error: { stdout: string }) => error)
  const log = /^Full run log written to (.+)$/m.exec(stdout)?.[1]
  if (log === undefined) throw new Error(`the suite did not finish: ${stdout.slice(-2000)}`)
  const record: Record = JSON.parse(readFileSync(log, 'utf8'))
  rmSync(log)
  return record
}

/** Where a backend keeps its statements: in its own directory, or on an engine that is started for it. */
const placeOf = async (name: string, directory: string) => {
  if (!isDatabaseName(name)) return { backend: name, env: {}, stop: async () => {} }
  // PostgreSQL runs as another user, who must get through.
  chmodSync(directory, 0o711)
  const engine = await startPrivateEngine(name, join(directory, 'engine'), { durable: false })
  if ('missing' in engine) throw new Error(engine.missing)
  await prepareEngine(name, engine.url, 'statements')
  return { backend: backendOf[name], env: variablesFor(name, engine.url, 'statements'), stop: engine.stop }
}

const score = async (name: string, version: string): Promise<boolean> => {
  const directory = createAppDir(mkdtempSync(join(tmpdir(), 'ralph-conformance-')))
  const { backend, env, stop } = await placeOf(name, directory)
  const port = await freePort()
  const server = spawn(
    process.execPath,
    [entries.src, 'runserver', '--backend', backend, '--host', '127.0.0.1', '--port', String(port)],
    {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        ...env,
        RALPH_APP_DIR: directory,
        RALPH_LOG_LEVEL: 'ERROR',
        RALPH_LRS_REQUIRE_VERSION_HEADER: 'true',
        RALPH_LRS_DEFAULT_VERSION: version
      }
    }
  )
  try {
    const url = `http://127.0.0.1:${port}`
    await firstAnswer(`${url}/__lbheartbeat__`, server)
    const { state, summary } = await runSuite(url, version)
    const { total, passed, failed } = summary
    process.stdout.write(
      `${name} ${version}: ${passed}/${total}, failed ${failed}, not run ${total - passed - failed}\n`
    )
    return state === 'finished' && total > 0 && passed === total
  } finally {
    // The server says goodbye to its engine.
    const ended = once(server, 'exit')
    server.kill()
    await ended
    await stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

const asked = process.argv.slice(2)
const all = [...lrsBackends.map(({ name }) => name), 'es8']
for (const name of asked.length > 0 ? asked : all) {
  for (const version of versions) if (!(await score(name, version))) process.exitCode = 1
}
