import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { WebSocketServer } from 'ws'
import { aStatementRecord } from '../contracts/data-backend.ts'
import { startAnswering } from '../support/answering.ts'
import { startLrs } from '../support/lrs.ts'
import { password } from '../support/lrs-users.ts'
import { type Archive, startOvh } from '../support/ovh.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')

const statements = (count: number): string =>
  Array.from({ length: count }, (_, index) => `${aStatementRecord(index + 1).text}\n`).join('')

t.test('statements go to an LRS and come back, by the names of Ralph 5 and by those of Ralph 3', async (t) => {
  const lrs = await startLrs(t, { backend: 'sqlite' })
  const { username } = lrs.fresh()
  const url = `http://127.0.0.1:${lrs.port}`
  const input = statements(700)
  const flags = ['--lrs-base-url', url, '--lrs-username', username, '--lrs-password', password]
  const written = await ralph(t, ['write', '-b', 'lrs', '-s', '100', ...flags], { input })
  t.match(written, { code: 0, stdout: '' })
  const again = await ralph(t, ['push', '-b', 'async_lrs', '--async-lrs-base-url', url], {
    input,
    env: { RALPH_BACKENDS__DATA__LRS__USERNAME: username, RALPH_BACKENDS__DATA__LRS__PASSWORD: password }
  })
  t.match(again, { code: 0 }, 'a copy can be started again')
  const read = await ralph(t, ['read', '-b', 'lrs', '{"ascending":true}'], {
    env: {
      RALPH_BACKENDS__HTTP__LRS__URL: url.replace('://', `://${username}:${encodeURIComponent(password)}@`)
    }
  })
  t.equal(read.code, 0)
  const ids = (text: string): unknown[] => linesOf(text).map((line) => JSON.parse(line).id)
  t.same(ids(read.stdout).sort(), ids(input).sort())
})

t.test('a statement that the LRS refuses is named by its line, and all others are written', async (t) => {
  const lrs = await startLrs(t, { backend: 'sqlite' })
  const client = lrs.fresh()
  const bad = aStatementRecord(8, { verb: { id: 'no iri' } }).text
  const flags = ['--lrs-base-url', `http://127.0.0.1:${lrs.port}`, '--lrs-username', client.username]
  const { code, stderr } = await ralph(t, ['write', '-b', 'lrs', '-I', ...flags, '--lrs-password', password], {
    input: `${statements(7)}${bad}\n${statements(5)}`
  })
  t.match(stderr, /line 8 was refused by the LRS \(400: /)
  t.notMatch(stderr, password)
  t.equal(code, 0)
  t.equal((await client.list({ limit: 100 })).length, 12)
})

t.test('messages of a WebSocket come out as lines, until it is closed', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.teardown(() => server.close())
  await once(server, 'listening')
  let code = 1000
  server.on('connection', (socket) => {
    socket.send('{"n":1}')
    socket.send('{"n":2}')
    socket.close(code, 'told so')
  })
  // Of a server that listens on a port.
  const { port } = server.address() as AddressInfo
  const uri = `ws://127.0.0.1:${port}/tail/?tk=secret-token`
  const ways: readonly (readonly [readonly string[], Readonly<Record<string, string>>])[] = [
    [['-b', 'ws', '--ws-uri', uri], {}],
    [['-b', 'ws', '--ws-ws-uri', uri], {}],
    [['-b', 'async_ws', '--async-ws-uri', uri], {}],
    [['-b', 'ws'], { RALPH_BACKENDS__STREAM__WS__WS_URI: uri }]
  ]
  for (const result of await Promise.all(ways.map(([flags, env]) => ralph(t, ['read', ...flags], { env })))) {
    t.match(result, { code: 0, stdout: '{"n":1}\n{"n":2}\n' })
  }
  code = 4000
  const ended = await ralph(t, ['read', '-b', 'ws', '--ws-uri', uri])
  t.match(ended, { code: 1, stdout: '{"n":1}\n{"n":2}\n', stderr: /code 4000 \(told so\)/ })
  t.notMatch(ended.stderr, 'secret-token')
})

const stream = '77ec6e4a-ac15-4bcf-8043-7429bf275e49'
const service = 'ldp-xx-12345'

const gelf = (event: object): string =>
  JSON.stringify({ version: '1.1', host: 'lms', short_message: JSON.stringify(event) })

const withOvh = async (t: Test, ...archives: readonly Archive[]) => {
  const ovh = await startOvh(t, { [service]: { [stream]: archives } })
  const env = {
    RALPH_APP_DIR: t.testdir(),
    RALPH_BACKENDS__STORAGE__LDP__ENDPOINT: ovh.endpoint,
    RALPH_BACKENDS__STORAGE__LDP__APPLICATION_KEY: ovh.keys.APPLICATION_KEY,
    RALPH_BACKENDS__STORAGE__LDP__APPLICATION_SECRET: ovh.keys.APPLICATION_SECRET,
    RALPH_BACKENDS__DATA__LDP__CONSUMER_KEY: ovh.keys.CONSUMER_KEY,
    RALPH_BACKENDS__DATA__LDP__SERVICE_NAME: service,
    RALPH_BACKENDS__STORAGE__LDP__STREAM_ID: stream
  }
  return { ovh, env }
}

t.test('archives of OVH are listed, read, and not listed as new any more', async (t) => {
  const events = [{ event: 'one' }, { event: 'two' }]
  const content = gzipSync(`${events.map(gelf).join('\n')}\n`)
  const { ovh, env } = await withOvh(
    t,
    { id: 'a1', filename: '2026-06-16.gz', content, retrievalDelay: 1 },
    { id: 'a2', filename: '2026-06-17.gz', content }
  )
  t.match(await ralph(t, ['list', '-b', 'ldp'], { env }), { code: 0, stdout: 'a1\na2\n' })
  const detailed = await ralph(t, ['list', '-b', 'ldp', '--details'], { env })
  t.match(
    linesOf(detailed.stdout).map((line) => JSON.parse(line)),
    [
      { archiveId: 'a1', filename: '2026-06-16.gz', size: content.length, retrievalState: 'sealed' },
      { archiveId: 'a2', retrievalState: 'unsealed' }
    ]
  )
  const reading = startRalph(t, ['read', '-b', 'ldp', 'a1', '--no-progress'], { env })
  const extracting = startRalph(t, ['extract', '-p', 'gelf'])
  if (reading.stdout === null || extracting.stdin === null || extracting.stdout === null || reading.stderr === null) {
    throw new Error('the processes have pipes')
  }
  reading.stdout.pipe(extracting.stdin)
  const [said, extracted] = await Promise.all([text(reading.stderr), text(extracting.stdout)])
  t.match(said, /is brought from cold storage/)
  t.same(
    linesOf(extracted).map((line) => JSON.parse(line)),
    events
  )
  const history = JSON.parse(readFileSync(join(env.RALPH_APP_DIR, 'history.json'), 'utf8'))
  t.match(history, [
    { backend: 'ldp', command: 'read', id: `${stream}/a1`, filename: '2026-06-16.gz', size: content.length }
  ])
  t.match(await ralph(t, ['list', '-b', 'ldp', '--new'], { env }), { code: 0, stdout: 'a2\n' })
  t.ok(ovh.asked.length > 0)
})

t.test('a token that may only GET, a wrong key, and writing: each said on one line', async (t) => {
  const { ovh, env } = await withOvh(t, { id: 'a1', filename: '2026-06-16.gz', content: Buffer.from('x') })
  ovh.state.rights = [{ method: 'GET', path: '/dbaas/logs/*' }]
  t.match(await ralph(t, ['read', '-b', 'ldp', 'a1'], { env }), { code: 1, stdout: '', stderr: /lacks the right POST/ })
  const secret = 'a-wrong-secret'
  const wrong = await ralph(t, ['list', '-b', 'ldp', '--ldp-application-secret', secret], { env })
  t.match(wrong, { code: 1, stderr: /application secret is wrong/ })
  t.notMatch(wrong.stderr, secret)
  ovh.asked.length = 0
  t.match(await ralph(t, ['write', '-b', 'ldp'], { env, input: 'x' }), { code: 2, stderr: /read-only|cannot/ })
  t.same(ovh.asked, [], 'nothing was asked')
  const { RALPH_BACKENDS__DATA__LDP__CONSUMER_KEY: _, ...without } = env
  t.match(await ralph(t, ['list', '-b', 'ldp'], { env: without }), { code: 2, stderr: /LDP__CONSUMER_KEY: not set/ })
})

t.test('Ctrl-C ends the wait for an archive in cold storage', async (t) => {
  const archive = { id: 'a1', filename: '2026-06-16.gz', content: Buffer.from('x'), retrievalDelay: 600 }
  const { env } = await withOvh(t, archive)
  const child = startRalph(t, ['read', '-b', 'ldp', 'a1'], { env })
  const ended = once(child, 'close')
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
    if (said.includes('is brought from cold storage: about 10 min to go') && !child.killed) child.kill('SIGINT')
  })
  t.strictSame(await ended, [null, 'SIGINT'])
  t.match(said, /interrupted by SIGINT/)
})

t.test('status tells how the LRS, the WebSocket and the archives are', async (t) => {
  const { env } = await withOvh(t)
  t.match(await ralph(t, ['status', '-b', 'ldp'], { env }), { code: 0 })
  const { url } = await startAnswering(t, () => ({ status: 500, body: { message: 'the store is full' } }))
  const lrs = await ralph(t, ['status', '-b', 'lrs', '--lrs-base-url', url])
  t.equal(lrs.code, 1)
  t.match(lrs.stdout + lrs.stderr, /the store is full/)
  const ws = await ralph(t, ['status', '-b', 'ws', '--ws-uri', url.replace('http', 'ws')])
  t.equal(ws.code, 1)
  t.match(ws.stdout + ws.stderr, /answered 500/)
})
