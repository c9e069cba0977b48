import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { headerList } from '../../src/backends/lrs/headers.ts'
import type { RecordsBackend } from '../../src/contracts/data-backend.ts'
import { aStatementRecord, testRecordsBackend } from '../contracts/data-backend.ts'
import { aFreePort, startAnswering } from '../support/answering.ts'
import { aCertificate, asPem } from '../support/certificate.ts'
import { dataDefinition, openData } from '../support/data-place.ts'
import { startLrs } from '../support/lrs.ts'
import { password } from '../support/lrs-users.ts'

const lrs = await startLrs(t, { backend: 'sqlite', settings: { restrictByScopes: true } })
const users = new WeakMap<RecordsBackend, string>()

const openAs = async (t: Test, username: string, more: Readonly<Record<string, string>> = {}) => {
  const settings = { BASE_URL: `http://127.0.0.1:${lrs.port}`, USERNAME: username, PASSWORD: password, ...more }
  const backend = await openData(t, 'lrs', settings)
  if (backend.moves !== 'records') throw new Error('an LRS keeps records')
  users.set(backend, username)
  return backend
}

const linesOf = async (backend: RecordsBackend, query?: unknown): Promise<string[]> => {
  const all: string[] = []
  for await (const { lines } of backend.read?.(query === undefined ? undefined : JSON.stringify(query), {}) ?? []) {
    all.push(...lines)
  }
  return all
}

const create = { operation: 'create' } as const

testRecordsBackend(t, {
  definition: dataDefinition('lrs'),
  open: (t) => openAs(t, lrs.fresh().username),
  reopen: (t, backend) => openAs(t, users.get(backend) ?? ''),
  // What an LRS assigns (Data §2.4.8 to §2.4.10).
  normalise: ({ stored, authority, version, ...own }) => own
})

t.test('a statement is read with its text as the LRS gives it: numbers and the order of keys', async (t) => {
  const backend = await openAs(t, lrs.fresh().username)
  const { value } = aStatementRecord(1)
  const text = JSON.stringify(value).replace('[1,0.1,null,"x"]', '[1.0,1e2,12345678901234567890,"x"]')
  await backend.write?.([{ line: 1, text, value }], create)
  const [line = ''] = await linesOf(backend)
  t.match(line, '[1.0,1e2,12345678901234567890,"x"]')
})

t.test(
  'a statement without an id is stored once and gets one; so does an empty object, which is refused',
  async (t) => {
    const backend = await openAs(t, lrs.fresh().username)
    const { id: _, ...value } = aStatementRecord(1).value
    const record = { line: 1, value, text: `  ${JSON.stringify(value)}` }
    const report = await backend.write?.([record, { line: 2, value: {}, text: '{ }' }], create)
    t.match(report, {
      written: 1,
      already: 0,
      rejected: [{ record: { line: 2 }, reason: /^was refused by the LRS \(400: / }]
    })
    const [line = '', ...others] = await linesOf(backend)
    t.match(JSON.parse(line), { ...value, id: /^[0-9a-f-]{36}$/ })
    t.same(others, [])
  }
)

t.test('statements that break a rule are rejected with what the LRS says, and all others are written', async (t) => {
  const backend = await openAs(t, lrs.fresh().username)
  const records = Array.from({ length: 60 }, (_, index) =>
    aStatementRecord(index + 1, [7, 8, 41].includes(index + 1) ? { verb: { id: 'no iri' } } : {})
  )
  const report = await backend.write?.(records, create)
  t.equal(report?.written, 57)
  t.same(
    report?.rejected.map(({ record }) => record.line),
    [7, 8, 41]
  )
  for (const { reason } of report?.rejected ?? []) t.match(reason, /400: .*verb/)
  t.equal((await linesOf(backend)).length, 57)
})

t.test('the query is that of GET /statements, with the Agent as an object or as text', async (t) => {
  const backend = await openAs(t, lrs.fresh().username)
  const records = Array.from({ length: 5 }, (_, index) =>
    aStatementRecord(index + 1, index === 2 ? { actor: { mbox: 'mailto:other@example.org' } } : {})
  )
  await backend.write?.(records, create)
  const other = { mbox: 'mailto:other@example.org' }
  const idsOf = (lines: readonly string[]): unknown[] => lines.map((line) => JSON.parse(line).id)
  const ids = records.map(({ value }) => value.id)
  t.same(idsOf(await linesOf(backend, { agent: other })), [ids[2]])
  t.same(idsOf(await linesOf(backend, { agent: JSON.stringify(other) })), [ids[2]])
  t.same(idsOf(await linesOf(backend, { statementId: ids[1] })), [ids[1]])
  t.same(idsOf(await linesOf(backend, { ascending: true, limit: 2 })), ids)
  t.same(idsOf(await linesOf(backend, { activity: 'https://course.example.org/é/4', attachments: true })), [ids[3]])
  await t.rejects(linesOf(backend, { since: 'yesterday' }), { code: 'INVALID_QUERY', message: /400: .*since/ })
  await t.rejects(linesOf(backend, { statementId: 'b9a2b7a6-2b1c-4a0e-8a3f-0d7a3b0f1c11' }), { code: 'NOT_FOUND' })
  await t.rejects(linesOf(backend, { related_agents: 'yes' }), { code: 'INVALID_QUERY', message: /true or false/ })
})

t.test('who may not is told so, and credentials may stand in the URL', async (t) => {
  const wrong = await openAs(t, 'janedoe', { PASSWORD: 'wrong' })
  await t.rejects(linesOf(wrong), {
    code: 'UNAUTHENTICATED',
    message: /rejects the credentials \(401\): check --lrs-username/
  })
  t.same(await wrong.status(), { state: 'error', detail: 'the user name or the password is wrong' })
  const writer = await openAs(t, 'writer')
  await t.rejects(linesOf(writer), { code: 'FORBIDDEN', message: /403/ })
  t.same(await writer.status(), { state: 'ok' })

  const { username } = lrs.fresh()
  const url = `http://${username}:${encodeURIComponent(password)}@127.0.0.1:${lrs.port}`
  const backend = await openData(t, 'lrs', { BASE_URL: url })
  t.same(await backend.status(), { state: 'ok' })
  if (backend.moves !== 'records') throw new Error('an LRS keeps records')
  t.match(await backend.write?.([aStatementRecord(1)], create), { written: 1 })
})

t.test('a path that is not a path of the LRS is refused before any request', async (t) => {
  const backend = await openAs(t, 'janedoe')
  for (const target of ['https://elsewhere.example.org/xAPI/statements', '//elsewhere.example.org/']) {
    await t.rejects(async () => backend.write?.([aStatementRecord(1)], { ...create, target }), {
      code: 'INVALID_SETTING'
    })
  }
  const report = backend.write?.([aStatementRecord(1)], { ...create, target: '/xAPI/nothing' })
  await t.rejects(async () => report, { code: 'NOT_FOUND', message: /is this the path/ })
})

t.test('where nobody listens, that is said at once', async (t) => {
  const nobody = `http://127.0.0.1:${await aFreePort()}`
  const backend = await openAs(t, 'janedoe', { BASE_URL: nobody })
  t.match(await backend.status(), { state: 'away', detail: `${nobody} is unreachable` })
  await t.rejects(linesOf(backend), { code: 'STORE_UNAVAILABLE', message: `${nobody} is unreachable` })
})

t.test('an LRS that goes away in the middle is waited for', async (t) => {
  const { username } = lrs.fresh()
  const backend = await openAs(t, username)
  await backend.write?.([aStatementRecord(1)], create)
  // Closes its sockets, and comes back on the same port: from then on it is the proxy of the real one.
  let requests = 0
  const proxy = createServer(async (request, response) => {
    requests += 1
    if (requests === 2) {
      proxy.closeAllConnections()
      proxy.close()
      setTimeout(() => proxy.listen(port, '127.0.0.1'), 300)
      return
    }
    const answer = await fetch(`http://127.0.0.1:${lrs.port}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { authorization: String(request.headers.authorization), 'content-type': 'application/json' },
      ...(request.method === 'POST' ? { body: await text(request) } : {})
    })
    response.writeHead(answer.status).end(await answer.text())
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  // Of a server that listens on a port.
  const { port } = proxy.address() as AddressInfo
  const through = await openAs(t, username, { BASE_URL: `http://127.0.0.1:${port}` })
  for (const line of [2, 3]) t.match(await through.write?.([aStatementRecord(line)], create), { written: 1 })
  t.ok(requests > 2)
  t.equal((await linesOf(backend)).length, 3)
})

t.test('endpoints count from the host, or from BASE_URL when they begin without a slash', async (t) => {
  const { url, received } = await startAnswering(t, () => ({ body: { statements: [] } }))
  for (const [endpoint, path] of [
    ['xAPI/statements', '/tenant/xAPI/statements'],
    ['/xAPI/statements', '/xAPI/statements']
  ] as const) {
    await linesOf(await openAs(t, 'janedoe', { BASE_URL: `${url}/tenant`, STATEMENTS_ENDPOINT: endpoint }))
    t.equal(received.at(-1)?.url, `${path}?limit=500`)
  }
})

t.test('a server whose certificate nobody vouches for is not trusted, and not asked again', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const server = createHttps({
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: asPem('CERTIFICATE', aCertificate(publicKey, privateKey))
  })
  let attempts = 0
  server.on('tlsClientError', () => {
    attempts += 1
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  // Of a server that listens on a port.
  const { port } = server.address() as AddressInfo
  const backend = await openAs(t, 'janedoe', { BASE_URL: `https://127.0.0.1:${port}` })
  await t.rejects(linesOf(backend), { code: 'STORE_UNAVAILABLE', message: /certificate/ })
  t.ok(attempts <= 1)
})

t.test('headers are those of the settings, in the names of Ralph and in those of HTTP', async (t) => {
  const { url, received } = await startAnswering(t, () => ({ body: { statements: [] } }))
  const settings = { BASE_URL: url, HEADERS: 'X_EXPERIENCE_API_VERSION=2.0.0,X-Tenant=a=b', PASSWORD: 'pässword' }
  const backend = await openData(t, 'lrs', settings)
  if (backend.moves !== 'records') throw new Error('an LRS keeps records')
  t.same(await linesOf(backend), [])
  t.match(received[0]?.headers, {
    'x-experience-api-version': '2.0.0',
    'x-tenant': 'a=b',
    authorization: `Basic ${Buffer.from('ralph:pässword').toString('base64')}`
  })
  t.equal(received[0]?.headers['content-type'], undefined)
  t.same(headerList.parse('{"Authorization":"Bearer a,b"}'), { Authorization: 'Bearer a,b' })
  for (const wrong of ['x', 'a b=c', '{"a":1}', '{', '[]', 'a=b,,c=d'])
    t.equal(headerList.parse(wrong), undefined, wrong)
})
