import t, { type Test } from 'tap'
import { openLrsData } from '../../src/backends/lrs/data.ts'
import type { InputRecord, RecordsBackend } from '../../src/contracts/data-backend.ts'
import { aRecord, aStatementRecord } from '../contracts/data-backend.ts'
import { aFreePort, type Received, type Reply, startAnswering } from '../support/answering.ts'
import { openData } from '../support/data-place.ts'

/** LRSs that do what the specification lets them do, and some that do what it does not. */

const retries = { attempts: 4, firstPause: 2, longestPause: 8 }

const open = async (
  t: Test,
  answer: (received: Received, count: number) => Reply
): Promise<{
  readonly backend: RecordsBackend
  readonly received: readonly Received[]
  readonly said: string[]
  readonly url: string
}> => {
  const { url, received } = await startAnswering(t, answer)
  const said: string[] = []
  const say = (message: string): void => {
    said.push(message)
  }
  const backend = await openLrsData({
    baseUrl: `${url}/`,
    headers: new Headers({ 'X-Experience-API-Version': '1.0.3', 'Content-Type': 'application/json' }),
    statusEndpoint: '/__heartbeat__',
    statementsEndpoint: '/lrs/statements',
    log: { debug: say, info: say, warn: say, error: say },
    retries,
    timeout: 10_000
  })
  t.teardown(() => backend.close())
  return { backend, received, said, url }
}

const linesOf = async (backend: RecordsBackend, query?: string): Promise<string[]> => {
  const all: string[] = []
  for await (const { lines } of backend.read?.(query, {}) ?? []) all.push(...lines)
  return all
}

const write = (backend: RecordsBackend, records: readonly InputRecord[]) =>
  backend.write?.(records, { operation: 'create' })

const page = (more: string | undefined, ...statements: readonly string[]): Reply => ({
  body: `{ "statements" : [${statements.join(' , ')}]${more === undefined ? '' : `, "more":${JSON.stringify(more)}`}}`
})

t.test('"more" is followed however it is written', async (t) => {
  const { backend, received, url } = await open(t, (_, count) => {
    const more = ['?cursor=1', 'statements/more?x=2', '/elsewhere/3?a=b%20c', `${url}/whole/4#part`, ''][count - 1]
    return page(more, `{"n":${count}}`)
  })
  t.same(
    await linesOf(backend),
    [1, 2, 3, 4, 5].map((n) => `{"n":${n}}`)
  )
  t.same(
    received.map((each) => each.url),
    [
      '/lrs/statements?limit=500',
      '/lrs/statements?cursor=1',
      '/lrs/statements/more?x=2',
      '/elsewhere/3?a=b%20c',
      '/whole/4'
    ]
  )
})

t.test('credentials go to no other host, nor does reading go in a circle', async (t) => {
  const away = await open(t, () => page('http://elsewhere.example.org/xAPI/statements?x=1', '{"n":1}'))
  await t.rejects(linesOf(away.backend), { code: 'FORBIDDEN', message: /elsewhere\.example\.org/ })
  const round = await open(t, () => page('/lrs/statements?limit=500', '{"n":1}'))
  await t.rejects(linesOf(round.backend), { code: 'STORE_UNAVAILABLE', message: /the same page again/ })
})

t.test('statements are cut out of the page as they are, and put on one line', async (t) => {
  const statements = ['{"b":1.0,\n  "a":"x\\n]}\\""}', '{"verb":{"id":"é"}, "n":1e400}']
  const { backend } = await open(t, () => ({
    body: `\ufeff{"more":null,"x":[{"statements":[]}],"statements":[${statements.join(',\n')}\n]}`
  }))
  t.same(await linesOf(backend), ['{"b":1.0,"a":"x\\n]}\\""}', statements[1]])
})

t.test('an answer may be one statement, alone or in place of the list', async (t) => {
  const alone = await open(t, () => ({ body: ' {"id":"x",\n"verb":{}}\n' }))
  t.same(await linesOf(alone.backend, '{"statementId":"x"}'), ['{"id":"x","verb":{}}'])
  t.equal(alone.received[0]?.url, '/lrs/statements?statementId=x', 'no limit: the specification forbids it')
  const within = await open(t, () => ({ body: '{"statements":{"id":"x"}}' }))
  t.same(await linesOf(within.backend), ['{"id":"x"}'])
})

t.test('the contents of attachments are passed over', async (t) => {
  const body =
    '--a b\r\nContent-Type: application/json\r\n\r\n{"statements":[{"n":1}]}\r\n--a b\r\n\r\n{}\r\n--a b--\r\n'
  const { backend } = await open(t, () => ({ body, headers: { 'content-type': 'multipart/mixed; boundary="a b"' } }))
  t.same(await linesOf(backend, '{"attachments":true}'), ['{"n":1}'])
})

t.test('what is no list of statements is said to be none', async (t) => {
  for (const body of [
    '<html>',
    '[]',
    '{}',
    '{"statements":null}',
    '{"statements":[],"more":1}',
    Buffer.from([34, 200])
  ]) {
    const { backend } = await open(t, () => ({ body }))
    await t.rejects(
      linesOf(backend),
      { code: 'STORE_UNAVAILABLE', message: /did not answer with statements/ },
      String(body)
    )
  }
})

t.test('a redirection is said, not followed', async (t) => {
  const { backend, received } = await open(t, () => ({
    status: 301,
    headers: { location: 'https://new.example.org/x' }
  }))
  await t.rejects(async () => write(backend, [aStatementRecord(1)]), {
    message: /is at https:\/\/new\.example\.org\/x now/
  })
  t.equal(received.length, 1)
})

t.test('429, 503 and broken connections are tried again, at the time that is asked for', async (t) => {
  const { backend, received, said } = await open(t, (_, count) => {
    if (count === 1) return { status: 429, headers: { 'retry-after': '1' } }
    if (count === 2) return { status: 503 }
    return count === 3 ? { hangUp: true } : page(undefined, '{"n":1}')
  })
  const begun = performance.now()
  t.same(await linesOf(backend), ['{"n":1}'])
  t.ok(performance.now() - begun >= 1000)
  t.equal(received.length, 4)
  t.equal(said.filter((line) => /trying again in/.test(line)).length, 3)
})

t.test('it gives up after some attempts, and at once when it is asked to wait for long', async (t) => {
  const down = await open(t, () => ({ status: 503, body: { message: 'Being\nmoved' } }))
  await t.rejects(linesOf(down.backend), { code: 'STORE_UNAVAILABLE', message: /503: Being moved/ })
  t.equal(down.received.length, retries.attempts)
  const long = await open(t, () => ({ status: 429, headers: { 'retry-after': '3600' } }))
  await t.rejects(linesOf(long.backend), { message: /try again in 3600 s/ })
  t.equal(long.received.length, 1)
  const lost = await open(t, () => ({ hangUp: true }))
  await t.rejects(async () => write(lost.backend, [aStatementRecord(1)]), { code: 'STORE_UNAVAILABLE' })
  t.equal(lost.received.length, retries.attempts)
})

t.test('waiting ends when the command is stopped', async (t) => {
  const stop = new AbortController()
  const { backend } = await open(t, () => {
    setImmediate(() => stop.abort(new Error('enough')))
    return { status: 503, headers: { 'retry-after': '100' } }
  })
  const options = { operation: 'create', signal: stop.signal } as const
  await t.rejects(async () => backend.write?.([aStatementRecord(1)], options), { message: 'enough' })
})

/** An LRS in little: it keeps what it is sent, and refuses what it is told to. */
const keeping = (refuse: (statements: readonly { id?: string }[]) => Reply | undefined) => {
  const kept = new Map<string, object>()
  const answer = ({ method, url, body }: Received): Reply => {
    if (method === 'GET') {
      const found = kept.get(new URL(url, 'http://x').searchParams.get('statementId') ?? '')
      return found === undefined ? { status: 404 } : { body: found }
    }
    const statements: { id: string }[] = JSON.parse(body)
    const refusal = refuse(statements)
    if (refusal !== undefined) return refusal
    if (new Set(statements.map(({ id }) => id)).size < statements.length) return { status: 400, body: 'twice' }
    for (const each of statements) kept.set(each.id, { ...each, verb: {}, stored: '2026-01-01T00:00:00Z' })
    return { body: statements.map(({ id }) => id) }
  }
  return { kept, answer }
}

t.test('a batch that is too large is sent in halves, and a statement that is too large is rejected', async (t) => {
  const tooLarge = (statements: readonly object[]): Reply | undefined =>
    JSON.stringify(statements).length > 2000
      ? { status: 413, body: 'Too large', headers: { 'content-type': 'text/plain' } }
      : undefined
  const { kept, answer } = keeping(tooLarge)
  const { backend } = await open(t, answer)
  const records = Array.from({ length: 20 }, (_, index) =>
    aStatementRecord(index + 1, index === 9 ? { x: 'y'.repeat(3000) } : {})
  )
  t.match(await write(backend, records), {
    written: 19,
    rejected: [{ record: { line: 10 }, reason: 'was refused by the LRS (413: Too large)' }]
  })
  t.equal(kept.size, 19)
})

t.test('a conflict is one only with another statement: what is there, equal, is there already', async (t) => {
  const { kept, answer } = keeping((statements) =>
    statements.some(({ id }) => kept.has(id ?? '')) ? { status: 409, body: { detail: ['id', 'is there'] } } : undefined
  )
  const { backend } = await open(t, answer)
  const records = [1, 2, 3, 4].map((line) => aRecord({ ...aStatementRecord(line).value, verb: {} }, line))
  t.match(await write(backend, records.slice(0, 2)), { written: 2 })
  const changed = aRecord({ ...records[0]?.value, object: { id: 'https://other.example.org' } }, 1)
  t.match(await write(backend, [changed, ...records.slice(1)]), {
    written: 2,
    already: 1,
    rejected: [
      {
        record: { line: 1 },
        reason: `has the id ${changed.value.id}, which another statement has (409: ["id","is there"])`
      }
    ]
  })
})

t.test('an answer that is lost on the way doubles nothing', async (t) => {
  let posts = 0
  const { kept, answer } = keeping(() => undefined)
  const { backend } = await open(t, (received) => {
    posts += 1
    const reply = answer(received)
    return posts === 1 ? { hangUp: true } : reply
  })
  const { id: _, ...value } = aStatementRecord(1).value
  t.match(await write(backend, [aRecord(value, 1), aStatementRecord(2)]), { written: 2 })
  t.equal(posts, 2)
  t.equal(kept.size, 2)
})

t.test('a statement that stands twice in a batch is sent in two requests', async (t) => {
  const { kept, answer } = keeping(() => undefined)
  const { backend, received } = await open(t, answer)
  const record = aStatementRecord(1)
  const again = aRecord({ ...record.value, id: String(record.value.id).toUpperCase() }, 3)
  t.match(await write(backend, [record, aStatementRecord(2), again]), { written: 2, already: 1, rejected: [] })
  t.equal(received.length, 2)
  t.equal(kept.size, 3, 'this little LRS knows nothing of case')
})

t.test('what the LRS says to have had before counts as there already', async (t) => {
  const records = [1, 2, 3].map((line) => aStatementRecord(line))
  const some = await open(t, () => ({ body: [String(records[1]?.value.id).toUpperCase()] }))
  t.match(await write(some.backend, records), { written: 1, already: 2, rejected: [] })
  const none = await open(t, () => ({ status: 204 }))
  t.match(await write(none.backend, records), { written: 0, already: 3, rejected: [] })
})

t.test('a success that reports rejections is no success for those', async (t) => {
  const { backend } = await open(t, ({ body }) => {
    const statements: { verb: { id: string } }[] = JSON.parse(body)
    const bad = statements.filter(({ verb }) => verb.id === 'bad').length
    if (bad === 0) return { body: [] }
    return {
      status: bad === statements.length ? 400 : 200,
      body: {
        inserted: statements.length - bad,
        rejected: bad,
        ids: [],
        errors: [{ index: 0, reason: 'missing verb' }]
      }
    }
  })
  const records = [1, 2, 3].map((line) => aStatementRecord(line, line === 2 ? { verb: { id: 'bad' } } : {}))
  t.match(await write(backend, records), { written: 2, rejected: [{ record: { line: 2 }, reason: /missing verb/ }] })
})

t.test('it fails as a whole, and nothing is rejected, when it is the place that fails', async (t) => {
  for (const [status, code] of [
    [401, 'UNAUTHENTICATED'],
    [403, 'FORBIDDEN'],
    [404, 'NOT_FOUND'],
    [500, 'STORE_UNAVAILABLE'],
    [507, 'STORE_FULL']
  ] as const) {
    const { backend, received } = await open(t, () => ({ status }))
    await t.rejects(async () => write(backend, [aStatementRecord(1), aStatementRecord(2)]), { code })
    t.equal(received.length, 1)
  }
})

t.test('the state of an LRS without a heartbeat is told by About', async (t) => {
  const other = await open(t, ({ url }) => (url === '/__heartbeat__' ? { status: 404 } : { body: {} }))
  t.same(await other.backend.status(), { state: 'ok' })
  t.same(
    other.received.map(({ url }) => url),
    ['/__heartbeat__', '/lrs/about', '/lrs/statements?limit=1']
  )
  const ill = await open(t, () => ({ status: 500, body: { message: 'the store is full' } }))
  t.match(await ill.backend.status(), { state: 'error', detail: /__heartbeat__ answered 500: the store is full/ })
  const gone = await openData(t, 'lrs', { BASE_URL: `http://127.0.0.1:${await aFreePort()}` })
  t.match(await gone.status(), { state: 'away' })
})
