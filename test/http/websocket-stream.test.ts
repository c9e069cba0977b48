import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { encodePosition } from '../../src/xapi/position.ts'
import { parseMicros } from '../../src/xapi/timestamp.ts'
import { jsonOf } from '../support/answer.ts'
import { basic, type Lrs, startLrs } from '../support/lrs.ts'
import { until } from '../support/postgres.ts'
import { aStatement, aVerb } from '../support/statements.ts'

const path = '/xAPI/statements/stream'

interface Told {
  readonly id: string
  readonly stored: string
  readonly position: string
  readonly statement: { readonly id: string }
}

const listen = async (
  t: Test,
  lrs: Lrs,
  {
    username = 'janedoe',
    query = '',
    headers = {},
    protocols = []
  }: {
    readonly username?: string | undefined
    readonly query?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly protocols?: string[]
  } = {}
) => {
  const authorization: Record<string, string> = protocols.length > 0 ? {} : { authorization: basic(username) }
  const socket = new WebSocket(`ws://127.0.0.1:${lrs.port}${path}${query}`, protocols, {
    headers: { ...authorization, ...headers }
  })
  t.teardown(() => socket.terminate())
  const heard: Told[] = []
  let code = 0
  socket.on('message', (message) => heard.push(JSON.parse(String(message))))
  socket.on('close', (closed) => {
    code = closed
  })
  const status = await new Promise<number>((resolve, reject) => {
    socket.once('open', () => resolve(101))
    socket.once('unexpected-response', (request, { statusCode = 0 }) => {
      resolve(statusCode)
      request.destroy()
    })
    socket.once('error', reject)
  })
  socket.on('error', () => {})
  return { heard, status, socket, code: () => code }
}

const idsOf = (heard: readonly Told[]): string[] => heard.map(({ id }) => id)

const fresh = (more: object = {}) => {
  const { authority: _, ...statement } = aStatement(more)
  return statement
}

t.test(
  'what is stored comes as it is stored, one statement a message, and only what matches and may be read',
  async (t) => {
    const lrs = await startLrs(t, { settings: { restrictByScopes: true, restrictByAuthority: true } })
    const [all, some, mine] = [
      await listen(t, lrs),
      await listen(t, lrs, { query: `?verb=${encodeURIComponent(aVerb('done').id)}` }),
      await listen(t, lrs, { username: 'mine' })
    ]
    t.equal(all.status, 101)
    const ids: string[] = []
    for (const [user, verb] of [
      ['janedoe', 'done'],
      ['mine', 'did'],
      ['janedoe', 'did']
    ] as const) {
      ids.push(...(await lrs.as(user).store(fresh({ verb: aVerb(verb) }))))
    }
    await until(async () => all.heard.length === 3 && some.heard.length === 1 && mine.heard.length === 1)
    t.strictSame(idsOf(all.heard), ids)
    t.strictSame(idsOf(some.heard), ids.slice(0, 1))
    t.strictSame(idsOf(mine.heard), ids.slice(1, 2))
  }
)

t.test('a stream goes on after any position, each statement once and in order', async (t) => {
  const lrs = await startLrs(t, {})
  const first = await listen(t, lrs, { query: '?positions=true' })
  await until(async () => first.heard.length === 1)
  const client = lrs.as('janedoe')
  const ids = await client.store(...Array.from({ length: 250 }, () => fresh()))
  await until(async () => first.heard.filter(({ statement }) => statement !== undefined).length === 250)
  const told = first.heard.filter(({ statement }) => statement !== undefined)
  t.strictSame(
    told.map(({ statement }) => statement.id),
    ids
  )
  first.socket.close()
  ids.push(...(await client.store(fresh(), fresh())))
  await lrs.restart()
  for (const at of [-1, 0, 99, 249]) {
    const after = at < 0 ? first.heard[0]?.position : told[at]?.position
    const again = await listen(t, lrs, { query: `?after=${after}` })
    await until(async () => again.heard.length === ids.length - at - 1)
    t.strictSame(idsOf(again.heard), ids.slice(at + 1), `after ${at}`)
    const last = again.heard.at(-2)
    const own = encodePosition({ stored: parseMicros(last?.stored ?? '') ?? 0, id: last?.id ?? '' })
    const rest = await listen(t, lrs, { query: `?after=${own}` })
    await until(async () => rest.heard.length === 1)
    t.strictSame(idsOf(rest.heard), ids.slice(-1), 'the position of a statement is its time and id')
    again.socket.close()
    rest.socket.close()
  }
})

t.test('what cannot be a stream is refused as a request, and other upgrades are served as they are', async (t) => {
  const lrs = await startLrs(t, { settings: { restrictByScopes: true, restrictByAuthority: true, maxStreams: 1 } })
  t.equal((await listen(t, lrs, { headers: { authorization: 'Basic eDp5' } })).status, 401)
  t.equal((await listen(t, lrs, { username: 'writer' })).status, 403)
  t.equal((await listen(t, lrs, { query: '?verbs=x' })).status, 400)
  t.equal((await listen(t, lrs, { query: '?after=x' })).status, 400)
  t.equal((await listen(t, lrs, { headers: { origin: 'https://evil.example' } })).status, 403, 'a page of another site')
  const one = await listen(t, lrs)
  t.equal((await listen(t, lrs)).status, 503)
  one.socket.close()
  await until(async () => (await listen(t, lrs)).status === 101)
  const h2c = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA' }
  const head = (name: string): string =>
    Object.entries(h2c)
      .map(([key, value]) => `${key}: ${value}\r\n`)
      .join('') + name
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(lrs.port, '127.0.0.1', () => {
      socket.write(`GET /xAPI/about HTTP/1.1\r\nhost: x\r\n${head('\r\n')}`)
    })
    t.teardown(() => socket.destroy())
    socket.once('data', (data) => resolve(String(data)))
  })
  t.match(answer, /^HTTP\/1\.1 200 /)
  const elsewhere = new WebSocket(`ws://127.0.0.1:${lrs.port}/nowhere`)
  const status = await new Promise((resolve) => {
    elsewhere.once('unexpected-response', (request, { statusCode }) => {
      resolve(statusCode)
      request.destroy()
    })
    elsewhere.once('error', () => {})
  })
  t.equal(status, 404)
})

t.test('a page sends its token as a protocol, and a token hears of its learner only', async (t) => {
  const lrs = await startLrs(t, {})
  const actor = { mbox: 'mailto:learner@example.org' }
  const admin = lrs.as('janedoe')
  const origins = ['https://content.example.org']
  const { token } = jsonOf(await admin.send('POST', '/auth/tokens', { body: { actor, origins } }))
  const page = { protocols: ['ralph.bearer', token], headers: { origin: 'https://content.example.org' } }
  const heard = await listen(t, lrs, page)
  t.equal(heard.status, 101)
  t.equal(heard.socket.protocol, 'ralph.bearer')
  await admin.store(fresh())
  const [id] = await admin.store(fresh({ actor }))
  await until(async () => heard.heard.length === 1)
  t.strictSame(idsOf(heard.heard), [id])
  t.equal((await listen(t, lrs, { ...page, headers: { origin: 'https://evil.example' } })).status, 403)
  t.equal((await listen(t, lrs, { protocols: ['ralph.bearer', `${token}x`] })).status, 401)
})

t.test(
  'the end of the server ends the streams, a client that never reads is cut, and one that sends much is, too',
  async (t) => {
    const lrs = await startLrs(t, { settings: { answerTimeout: 1 } })
    const loud = await listen(t, lrs)
    loud.socket.send('x'.repeat(2000))
    await until(async () => loud.code() === 1009)
    const [one, silent] = [await listen(t, lrs), await listen(t, lrs)]
    silent.socket.pause()
    const client = lrs.as('janedoe')
    const long = 'x'.repeat(500_000)
    await until(async () => {
      await client.store(fresh({ result: { response: long } }), fresh({ result: { response: long } }))
      return lrs.log.join('').includes('A stream was cut off')
    })
    t.ok(one.heard.length > 0, 'others go on')
    await lrs.restart()
    await until(async () => one.code() !== 0)
    t.equal(one.code(), 1001)
  }
)
