import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { basic, type Lrs, startLrs } from '../support/lrs.ts'
import { until } from '../support/postgres.ts'
import { aStatement, aVerb } from '../support/statements.ts'

interface Heard {
  readonly id: string
  /** The id of its statement. */
  readonly statement: string
}

interface Listening {
  readonly heard: Heard[]
  readonly status: number
  /** The last id that came, with a statement or without. */
  lastId(): string
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>
  leave(): void
}

const listen = async (
  t: Test,
  lrs: Lrs,
  username: string,
  { query = '', lastId }: { readonly query?: string; readonly lastId?: string } = {}
): Promise<Listening> => {
  const leaving = new AbortController()
  t.teardown(() => leaving.abort())
  const response = await fetch(`http://127.0.0.1:${lrs.port}/xAPI/statements/stream${query}`, {
    headers: { authorization: basic(username), ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
    signal: leaving.signal
  })
  const heard: Heard[] = []
  let last = ''
  const reading = async (): Promise<void> => {
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString('utf8')
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) {
        last = /^id: (.*)$/m.exec(event)?.[1] ?? last
        const data = [...event.matchAll(/^data: (.*)$/gm)].map(([, line]) => line).join('\n')
        if (data !== '') heard.push({ id: last, statement: JSON.parse(data).id })
      }
    }
  }
  const ended = reading().catch(() => {})
  return { heard, status: response.status, lastId: () => last, ended, leave: () => leaving.abort() }
}

const statementsOf = ({ heard }: Listening): string[] => heard.map(({ statement }) => statement)

t.test('what is stored comes as it is stored, and only what matches', async (t) => {
  const lrs = await startLrs(t, { settings: { restrictByScopes: true, restrictByAuthority: true } })
  const all = await listen(t, lrs, 'janedoe')
  const some = await listen(t, lrs, 'janedoe', { query: `?verb=${encodeURIComponent(aVerb('done').id)}` })
  const mine = await listen(t, lrs, 'mine')
  t.equal(all.status, 200)
  await until(async () => [all, some, mine].every((each) => each.lastId() !== ''))
  const ids: string[] = []
  for (const [user, verb] of [
    ['janedoe', 'done'],
    ['mine', 'did'],
    ['janedoe', 'did']
  ] as const) {
    const { authority: _, ...statement } = aStatement({ verb: aVerb(verb) })
    ids.push(...(await lrs.as(user).store(statement)))
  }
  await until(async () => all.heard.length === 3 && some.heard.length === 1 && mine.heard.length === 1)
  t.strictSame(statementsOf(all), ids)
  t.strictSame(statementsOf(some), ids.slice(0, 1))
  t.strictSame(statementsOf(mine), ids.slice(1, 2), 'a user who may read its own statements hears of no other')
})

t.test('a stream that breaks goes on after any event, each statement once and in order', async (t) => {
  const lrs = await startLrs(t, {})
  const first = await listen(t, lrs, 'janedoe')
  await until(async () => first.lastId() !== '')
  const begin = first.lastId()
  const client = lrs.as('janedoe')
  const ids = await client.store(...Array.from({ length: 250 }, () => aStatement()))
  await until(async () => first.heard.length === 250)
  first.leave()
  ids.push(...(await client.store(...Array.from({ length: 7 }, () => aStatement()))))
  await lrs.restart()
  for (const at of [-1, 0, 99, 100, 137, 249]) {
    const again = await listen(t, lrs, 'janedoe', { lastId: at < 0 ? begin : (first.heard[at]?.id ?? '') })
    await until(async () => again.heard.length === ids.length - at - 1)
    t.strictSame(statementsOf(again), ids.slice(at + 1), `after ${at}`)
    again.leave()
  }
})

t.test('what cannot be a stream is refused as a request', async (t) => {
  const lrs = await startLrs(t, { settings: { restrictByScopes: true, restrictByAuthority: true, maxStreams: 1 } })
  const client = lrs.as('janedoe')
  const path = '/xAPI/statements/stream'
  t.equal((await client.send('GET', path, { headers: { authorization: undefined } })).status, 401)
  t.equal((await lrs.as('writer').send('GET', path)).status, 403)
  t.equal((await client.send('GET', path, { query: { verbs: 'x' } })).status, 400)
  t.equal((await client.send('GET', path, { query: { statementId: aStatement().id } })).status, 400)
  t.equal((await client.send('GET', path, { headers: { 'last-event-id': 'x' } })).status, 400)
  const one = await listen(t, lrs, 'janedoe')
  const refused = await client.send('GET', path)
  t.equal(refused.status, 503)
  t.match(String(refused.body), /RALPH_RUNSERVER_MAX_STREAMS/)
  one.leave()
  await until(async () => {
    const next = await listen(t, lrs, 'janedoe')
    next.leave()
    return next.status === 200
  })
})

t.test('the end of the server ends the streams, and does not wait for them', async (t) => {
  const lrs = await startLrs(t, {})
  const streams = await Promise.all([1, 2, 3].map(() => listen(t, lrs, 'janedoe')))
  await until(async () => streams.every((each) => each.lastId() !== ''))
  await lrs.restart()
  await Promise.all(streams.map(({ ended }) => ended))
  t.pass('all have ended')
})

t.test('a client that never reads is cut', async (t) => {
  const lrs = await startLrs(t, { settings: { answerTimeout: 1 } })
  const socket = connect(lrs.port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.pause()
  socket.write(
    `GET /xAPI/statements/stream HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic('janedoe')}\r\nConnection: keep-alive\r\n\r\n`
  )
  const client = lrs.as('janedoe')
  const long = 'x'.repeat(500_000)
  await until(async () => {
    await client.store(aStatement({ result: { response: long } }), aStatement({ result: { response: long } }))
    return lrs.log.join('').includes('An answer was cut off')
  })
  t.pass('its connection was closed, and the log says so')
})
