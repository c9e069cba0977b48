import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { lrsBackends } from '../../src/backends/registry.ts'
import { prepareEngine, variablesFor } from '../support/engine-variables.ts'
import { isDatabaseName } from '../support/engines/engine.ts'
import { engineFor, missingEngine } from '../support/engines/engine-for.ts'
import { type RalphOptions, ralph, runserver } from '../support/ralph-process.ts'
import { canLimitFiles } from '../support/served-store.ts'
import { aUser } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret')
const authorization = `Basic ${Buffer.from('jane:supersecret').toString('base64')}`

/** A working directory with an application directory of one user in it. */
const anAppDir = (t: Test): { readonly cwd: string; readonly env: { readonly RALPH_APP_DIR: string } } => {
  const cwd = t.testdir({ app: { 'auth.json': JSON.stringify([jane]) } })
  return { cwd, env: { RALPH_APP_DIR: join(cwd, 'app') } }
}

const local = ['-h', '127.0.0.1']

t.test('the server says where it listens, answers, and ends with 0 on SIGTERM and SIGINT', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const server = await runserver(t, local, anAppDir(t))
    const response = await fetch(`${server.url}/whoami`, { headers: { authorization } })
    t.equal(response.status, 200)
    t.match(await response.json(), { agent: { mbox: 'mailto:jane@example.org' } })
    t.strictSame(await server.stop(signal), { code: 0, signal: null })
    t.match(server.log(), 'Ralph has stopped')
  }
})

t.test('the log is JSON lines for programs, text for people', async (t) => {
  const json = await runserver(t, local, anAppDir(t))
  for (const line of json.log().trim().split('\n'))
    t.match(JSON.parse(line), { level: String, time: String, msg: String })
  const text = await runserver(t, [...local, '--log-format', 'text'], anAppDir(t))
  t.match(
    text.log(),
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO {5}Ralph listens on http:\/\/127\.0\.0\.1:\d+\/xAPI, backend sqlite\n$/
  )
})

const aStatement = (id: number): string =>
  JSON.stringify({
    id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    actor: { mbox: 'mailto:a@example.org' },
    verb: { id: 'https://example.org/verb' },
    object: { id: 'https://example.org/activity' }
  })

t.test('a stop waits for a request that is being sent, stores it, and takes no other', async (t) => {
  const options = anAppDir(t)
  const server = await runserver(t, local, options)
  const port = Number(new URL(server.url).port)
  const body = aStatement(1)
  const socket = connect(port, '127.0.0.1')
  socket.write(
    `POST /xAPI/statements HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`
  )
  // Answered after the first bytes of the other request were received: they are on the same loop.
  await fetch(`${server.url}/__lbheartbeat__`)
  const ended = once(server.child, 'close')
  server.child.kill('SIGTERM')
  const refused = async (): Promise<boolean> =>
    fetch(`${server.url}/__lbheartbeat__`).then(
      ({ status }) => status === 503,
      () => true
    )
  while (!(await refused())) await wait(10)
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    answer += chunk
  })
  socket.write(body.slice(20))
  await once(socket, 'close')
  t.match(answer, /^HTTP\/1\.1 200 /)
  t.strictSame(await ended, [0, null])

  const again = await runserver(t, local, options)
  const found = await fetch(`${again.url}/xAPI/statements`, { headers: { authorization } })
  t.equal(JSON.parse(await found.text()).statements.length, 1)
})

t.test('a second signal ends it at once', async (t) => {
  const server = await runserver(t, local, anAppDir(t))
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.write('POST /xAPI/statements HTTP/1.1\r\nHost: x\r\n')
  socket.write(`Authorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`)
  await fetch(`${server.url}/__lbheartbeat__`)
  const ended = once(server.child, 'close')
  server.child.kill('SIGTERM')
  while (!server.log().includes('finishing what is in flight')) await wait(10)
  server.child.kill('SIGTERM')
  t.strictSame(await ended, [1, null])
})

/** Where an engine keeps what is stored here; nothing for a backend that needs none. */
const placeOf = async (t: Test, name: string): Promise<Record<string, string>> => {
  if (!isDatabaseName(name)) return {}
  const engine = await engineFor(name)
  if ('missing' in engine) throw new Error(engine.missing)
  t.teardown(() => engine.stop())
  const place = `t_${randomUUID().replaceAll('-', '')}`
  await prepareEngine(name, engine.url, place)
  return variablesFor(name, engine.url, place)
}

for (const { name } of lrsBackends) {
  const skip = isDatabaseName(name) && (missingEngine(name) ?? false)
  t.test(`the backend ${name} is opened by its name, as flag or as variable`, { skip }, async (t) => {
    const { cwd, env: own } = anAppDir(t)
    const env = { ...own, ...(await placeOf(t, name)) }
    for (const [words, more] of [
      [['-b', name], {}],
      [[], { RALPH_RUNSERVER_BACKEND: name.toUpperCase() }]
    ] as const) {
      const server = await runserver(t, [...local, ...words], { cwd, env: { ...env, ...more } })
      t.match(server.log(), `, backend ${name}`)
      t.strictSame(await (await fetch(`${server.url}/__heartbeat__`)).json(), {
        database: 'ok',
        users: 'ok',
        keys: 'ok',
        http: 'ok'
      })
      t.strictSame(await server.stop(), { code: 0, signal: null })
    }
  })
}

t.test('a database server that is not there is named in one line, and the server does not start', async (t) => {
  const options = anAppDir(t)
  for (const words of [
    ['-b', 'es', '--es-hosts', 'http://127.0.0.1:1'],
    ['-b', 'mongo', '--mongo-connection-uri', 'mongodb://127.0.0.1:1'],
    ['-b', 'clickhouse', '--clickhouse-host', '127.0.0.1', '--clickhouse-port', '1'],
    ['-b', 'postgres', '--postgres-connection-uri', 'postgres://127.0.0.1:1/ralph']
  ]) {
    const { code, stderr } = await ralph(t, ['runserver', ...local, '--wait-for-backend', '0', ...words], options)
    t.equal(code, 1, words.join(' '))
    t.match(stderr, /^Error: .+(127\.0\.0\.1:1\b|is unreachable).*\n$/m)
  }
})

t.test(
  'the file of the fs backend is in the working directory, as with Ralph, or where it is said to be',
  async (t) => {
    const { cwd, env } = anAppDir(t)
    const headers = { authorization, 'content-type': 'application/json' }
    for (const [words, file] of [
      [[], 'fs_lrs.jsonl'],
      [['--fs-path', 'lrs', '--fs-default-lrs-file', 'all.jsonl'], join('lrs', 'all.jsonl')]
    ] as const) {
      const server = await runserver(t, [...local, '-b', 'fs', ...words], { cwd, env })
      await fetch(`${server.url}/xAPI/statements`, { method: 'POST', headers, body: aStatement(3) })
      await server.stop()
      t.match(JSON.parse(readFileSync(join(cwd, file), 'utf8')), JSON.parse(aStatement(3)))
    }
  }
)

t.test('what is stored is there after a restart', async (t) => {
  const options = anAppDir(t)
  const first = await runserver(t, local, options)
  const headers = { authorization, 'content-type': 'application/json' }
  const posted = await fetch(`${first.url}/xAPI/statements`, { method: 'POST', headers, body: aStatement(2) })
  t.equal(posted.status, 200)
  await first.stop()
  const second = await runserver(t, local, options)
  const found = await fetch(`${second.url}/xAPI/statements`, { headers })
  t.match(JSON.parse(await found.text()), { statements: [{ id: '00000000-0000-4000-8000-000000000002' }] })
})

t.test(
  'a limit on the size of files is a full disk to the server, and does not end it',
  { skip: !canLimitFiles() && 'prlimit is not installed' },
  async (t) => {
    const headers = { authorization, 'content-type': 'application/json' }
    for (const backend of ['sqlite', 'fs']) {
      const server = await runserver(t, [...local, '-b', backend], anAppDir(t))
      const limit = (bytes: number | 'unlimited'): void => {
        const words = ['--pid', String(server.child.pid), `--fsize=${bytes}:unlimited`]
        t.equal(spawnSync('prlimit', words).status, 0)
      }
      const statusOf = async (id: number): Promise<number> =>
        (await fetch(`${server.url}/xAPI/statements`, { method: 'POST', headers, body: aStatement(id) })).status
      t.equal(await statusOf(1), 200)
      limit(10)
      t.equal(await statusOf(2), 507, backend)
      limit('unlimited')
      t.equal(await statusOf(2), 200, backend)
      t.strictSame(await server.stop(), { code: 0, signal: null })
    }
  }
)

/** How a server that cannot start says so: one line, and the exit code. */
const failure = async (t: Test, words: readonly string[], options: RalphOptions) => {
  const { code, signal, stdout, stderr } = await ralph(t, ['runserver', ...local, ...words], options)
  t.equal(signal, null)
  t.equal(stdout, '')
  t.match(stderr, /(^|\n)Error: [^\n]+\n$/)
  t.notMatch(stderr, /\n {4}at /)
  return { code, stderr }
}

t.test('a port in use is one line that says what to do', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? String(address.port) : ''
  t.match(await failure(t, ['-p', port], anAppDir(t)), {
    code: 1,
    stderr: new RegExp(`Error: 127\\.0\\.0\\.1:${port} is in use by another program: .*--port`)
  })
})

t.test('an address of another machine is one line', async (t) => {
  t.match(await failure(t, ['--port', '0', '--host', '192.0.2.1'], anAppDir(t)), {
    code: 1,
    stderr: /192\.0\.2\.1:0 is not an address of this machine/
  })
})

t.test('an unknown backend is one line that names those there are', async (t) => {
  for (const words of [
    ['-b', 'nope'],
    ['--backend', 'nope']
  ]) {
    t.match(await failure(t, words, anAppDir(t)), { code: 2, stderr: /There is no backend "nope"; there are sqlite, / })
  }
  const { cwd, env } = anAppDir(t)
  t.match(await failure(t, [], { cwd, env: { ...env, RALPH_RUNSERVER_BACKEND: 'nope' } }), { code: 2 })
})

t.test('a missing auth file is one line that says how to make it', async (t) => {
  const cwd = t.testdir()
  t.match(await failure(t, [], { cwd, env: { RALPH_APP_DIR: cwd } }), {
    code: 1,
    stderr: /There is no auth file .*ralph auth --auth-file/
  })
})

t.test('a corrupt auth file is one line that says where', async (t) => {
  for (const [content, says] of [
    ['[{"username": ', /auth\.json is not valid: it is not valid JSON/],
    [JSON.stringify([{ ...jane, scopes: ['x'] }]), /user "jane": "x" is not a scope/],
    ['', /it is not valid JSON \(end of JSON input\)/]
  ] as const) {
    const cwd = t.testdir({ 'auth.json': content })
    t.match(await failure(t, [], { cwd, env: { RALPH_APP_DIR: cwd } }), { code: 1, stderr: says })
  }
})

t.test('wrong settings are one line that names all of them', async (t) => {
  const { cwd, env } = anAppDir(t)
  const wrong = { ...env, RALPH_RUNSERVER_MAX_BODY_SIZE: 'huge', RALPH_LRS_RESTRICT_BY_SCOPES: 'true' }
  const { code, stderr } = await failure(t, ['--port', '99999'], { cwd, env: wrong })
  t.equal(code, 2)
  t.match(stderr, '--port is "99999", expected a whole number from 0 to 65535')
  t.match(stderr, 'RALPH_RUNSERVER_MAX_BODY_SIZE is "huge", expected a size from 1KiB')
  t.match(stderr, 'RALPH_LRS_RESTRICT_BY_SCOPES needs RALPH_LRS_RESTRICT_BY_AUTHORITY')
})

t.test('an application directory that cannot be made is one line', async (t) => {
  const { cwd } = anAppDir(t)
  writeFileSync(join(cwd, 'file'), '')
  const env = { RALPH_APP_DIR: join(cwd, 'file', 'app'), RALPH_AUTH_FILE: join(cwd, 'app', 'auth.json') }
  t.match(await failure(t, ['-p', '0'], { cwd, env }), { code: 1, stderr: /file.app/ })
})

t.test('a store that another process writes to is one line', async (t) => {
  const options = anAppDir(t)
  await runserver(t, local, options)
  t.match(await failure(t, ['-p', '0'], options), { code: 1, stderr: /another process writes to / })
})

t.test('a setting is given as a flag, or its variable, or in .env, the first of these winning', async (t) => {
  const { cwd, env } = anAppDir(t)
  writeFileSync(join(cwd, '.env'), 'RALPH_LRS_DEFAULT_VERSION=2.0.0\n')
  const versionOf = async (
    words: readonly string[],
    more: Readonly<Record<string, string>>
  ): Promise<string | null> => {
    const server = await runserver(t, [...local, ...words], { cwd, env: { ...env, ...more } })
    const response = await fetch(`${server.url}/xAPI/statements`, { headers: { authorization } })
    await response.text()
    await server.stop()
    return response.headers.get('x-experience-api-version')
  }
  const variable = { RALPH_LRS_DEFAULT_VERSION: '1.0.3' }
  t.equal(await versionOf([], {}), '2.0.0')
  t.equal(await versionOf([], variable), '1.0.3')
  t.equal(await versionOf(['--default-version', '2.0.0'], variable), '2.0.0')
})

t.test('switches are set by --x and --no-x', async (t) => {
  const { cwd, env } = anAppDir(t)
  const statusOf = async (words: readonly string[]): Promise<number> => {
    const server = await runserver(t, [...local, ...words], {
      cwd,
      env: { ...env, RALPH_LRS_REQUIRE_VERSION_HEADER: 'true' }
    })
    const { status } = await fetch(`${server.url}/xAPI/statements`, { headers: { authorization } })
    await server.stop()
    return status
  }
  t.equal(await statusOf([]), 400)
  t.equal(await statusOf(['--no-require-version-header']), 200)
})

t.test('--demo uses ./.ralph and loopback, and takes the demo user, unless otherwise set', async (t) => {
  const cwd = t.testdir()
  mkdirSync(join(cwd, '.ralph'))
  const shipped = readFileSync(fileURLToPath(new URL('../../.ralph/auth.json', import.meta.url)), 'utf8')
  writeFileSync(join(cwd, '.ralph', 'auth.json'), shipped)
  const demo = { authorization: `Basic ${Buffer.from('janedoe:supersecret').toString('base64')}` }
  const server = await runserver(t, ['--demo'], { cwd })
  t.match(server.url, 'http://127.0.0.1:')
  t.equal((await fetch(`${server.url}/whoami`, { headers: demo })).status, 200)
  t.match(server.log(), /well-known demo password and is accepted/)
  await server.stop()

  // Elsewhere than on loopback the same user is refused, and the log says why.
  const open = await runserver(t, ['--demo'], { cwd, env: { RALPH_RUNSERVER_HOST: '0.0.0.0' } })
  t.match(open.url, 'http://localhost:')
  t.equal((await fetch(`${open.url}/whoami`, { headers: demo })).status, 401)
  t.match(open.log(), /is refused, because this server does not listen on loopback only/)
  await open.stop()

  const other = anAppDir(t)
  const own = await runserver(t, ['--demo'], other)
  t.equal((await fetch(`${own.url}/whoami`, { headers: { authorization } })).status, 200)
})

t.test('an unknown variable is warned of when the server starts', async (t) => {
  const { cwd, env } = anAppDir(t)
  const server = await runserver(t, local, { cwd, env: { ...env, RALPH_RUNSERVER_PROT: '1' } })
  t.match(server.log(), 'did you mean RALPH_RUNSERVER_PORT?')
})

t.test('users are changed while the server runs', async (t) => {
  const options = anAppDir(t)
  const server = await runserver(t, local, options)
  const status = async (): Promise<number> =>
    (await fetch(`${server.url}/whoami`, { headers: { authorization } })).status
  t.equal(await status(), 200)
  writeFileSync(join(options.env.RALPH_APP_DIR, 'auth.json'), '[]')
  const until = performance.now() + 20_000
  while ((await status()) !== 401 && performance.now() < until) await wait(20)
  t.equal(await status(), 401)
})
