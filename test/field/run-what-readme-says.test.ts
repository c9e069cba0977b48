import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { compileCache } from '../support/ralph-process.ts'

/** The blocks of commands in README, in their order, but for those that say why they cannot be run here. */
const readme = readFileSync('README.md', 'utf8')
const blocks = [...readme.matchAll(/(?:<!-- not run by the test of README: ([^\n]*) -->\n\n)?```sh\n(.*?)```/gs)].map(
  ([, reason, commands = '']) => ({ reason, commands })
)

/** A checkout as `npm ci` leaves it; what is built there is the code of this one. */
const makeCheckout = (t: Test): string => {
  const root = t.testdir({ '.ralph': {}, dist: { src: {} }, home: {} })
  copyFileSync('ralph', join(root, 'ralph'))
  copyFileSync('.ralph/auth.json', join(root, '.ralph', 'auth.json'))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  const main = pathToFileURL(resolve('src/main.ts')).href
  writeFileSync(join(root, 'dist', 'src', 'main.js'), `await import(${JSON.stringify(main)})\n`)
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(resolve('node_modules/node'), join(root, 'node_modules', 'node'))
  return root
}

/** Runs commands as a person would paste them, in a shell that stops at the first that fails. */
const start = (t: Test, root: string, commands: string, env: Readonly<Record<string, string>> = {}) => {
  // An HTTP error is a failure of the command, too.
  const script = `set -euo pipefail; curl() { command curl --silent --show-error --fail-with-body "$@"; }\n${commands}`
  const child = spawn('bash', ['-c', script], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: join(root, 'home'), ...compileCache, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true
  })
  const stop = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGTERM')
    }
  }
  t.teardown(stop)
  // Whoever asks for a password asks for it twice.
  child.stdin.on('error', () => {})
  child.stdin.end('a long password\na long password\n')
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  return { child, said, stop, closed: once(child, 'close') }
}

const listening = async ({ child, said }: ReturnType<typeof start>): Promise<string> =>
  new Promise((done, fail) => {
    child.stderr.on('data', () => {
      const [, address] = /Ralph listens on http:\/\/([^/]+)\/xAPI/.exec(said.err) ?? []
      if (address !== undefined) done(address)
    })
    child.once('close', () => fail(new Error(said.err)))
  })

/** README shows one request that is refused; what it must be refused with. */
const refusals = [{ sends: '"mbox": "ada@example.org"', answer: 'INVALID_STATEMENT' }]

/** What README says is needed besides Node; where everything has to be there its absence is a failure. */
const missing = ['bash', 'curl', 'jq'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined)
const skip = missing.length > 0 && process.env.CI !== 'true' && `${missing.join(' and ')} not installed`

t.test('every command in README does what it says, as printed', { skip }, async (t) => {
  const root = makeCheckout(t)
  const ran = blocks.filter(({ reason }) => reason === undefined)
  t.ok(ran.length >= 8, `${ran.length} blocks`)
  t.match(ran[0]?.commands, 'npm ci && npm start\n', 'the first one starts the server')
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  const server = start(t, root, `exec ${scripts.start} --port 0`)
  const address = await listening(server)

  for (const { commands } of ran.slice(1)) {
    const [title = ''] = commands.split('\n', 1)
    const here = commands.replaceAll('localhost:8100', address)
    const serves = /^\.\/ralph runserver$/m.test(commands)
    const running = start(t, root, here, serves ? { RALPH_RUNSERVER_HOST: '127.0.0.1', RALPH_RUNSERVER_PORT: '0' } : {})
    if (serves) {
      await listening(running)
      running.stop()
      await running.closed
      continue
    }
    const [code] = await running.closed
    const { out, err } = running.said
    const refused = refusals.find(({ sends }) => commands.includes(sends))
    t.equal(code, refused === undefined ? 0 : 22, `${title}\n${out.slice(0, 500)}${err}`)
    if (refused !== undefined) t.match(out, refused.answer)
  }

  const again = readFileSync(join(root, 'again.jsonl'), 'utf8').trim().split('\n')
  t.ok(again.length > 1000, `${again.length} statements came out again`)
  server.stop()
  await server.closed
})

t.test('what cannot be run here is asked for with flags that there are', { skip }, async (t) => {
  const root = makeCheckout(t)
  const skipped = blocks.filter(({ reason }) => reason !== undefined)
  t.ok(skipped.length <= 7, 'and it stays the exception')
  for (const { commands } of skipped) {
    for (const [, command = '', words = ''] of commands.matchAll(/(?:\.\/| {2})ralph ([a-z-]+)((?:[^|\n\\]|\\\n)*)/g)) {
      const { said, closed } = start(t, root, `./ralph ${command} --help`)
      await closed
      for (const [flag] of words.matchAll(/(?<=\s)--?[a-z][a-z0-9-]*/g)) {
        t.match(said.out, new RegExp(`(?:^|[ ,])${flag}\\b`, 'm'), `${command} ${flag}`)
      }
    }
  }
})
