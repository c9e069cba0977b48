import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startLrs } from '../support/lrs.ts'

const form =
  'POST /xAPI/statements?method=POST HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n'

interface Client {
  readonly socket: Socket
  readonly received: () => string
}

const open = async (t: Test, port: number, localAddress = '127.0.0.1'): Promise<Client> => {
  const socket = connect({ host: '127.0.0.1', port, localAddress })
  let received = ''
  socket.setEncoding('latin1').on('data', (text) => {
    received += text
  })
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return { socket, received: () => received }
}

/** However it comes to that. */
const closed = ({ socket }: Client): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve))

const answerOf = async ({ received }: Client): Promise<string> => {
  while (!received().includes('\r\n\r\n{')) await wait(10)
  return received()
}

t.test('field B1: forms without credentials are bounded together, and small ones have their turn', async (t) => {
  const lrs = await startLrs(t, { settings: { maxAnonymousBytes: 4 * 2 ** 20 } })
  const size = 2 ** 20
  const clients = await Promise.all(Array.from({ length: 12 }, () => open(t, lrs.port)))
  // Each one is a byte short of its end.
  for (const { socket } of clients) socket.write(`${form}Content-Length: ${size}\r\n\r\n${'a'.repeat(size - 1)}`)
  const refused = (): Client[] => clients.filter(({ received }) => received() !== '')
  while (refused().length < 9) await wait(10)
  for (const each of refused()) {
    const answer = await answerOf(each)
    t.match(answer, /^HTTP\/1\.1 503 /)
    t.match(answer, /retry-after: 1\r\n/)
    t.match(answer, /"setting":"RALPH_RUNSERVER_MAX_ANONYMOUS_BYTES"/)
  }
  const small = await lrs.as('janedoe').send('POST', '/xAPI/statements?method=GET', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'limit=1'
  })
  t.equal(small.status, 200, 'a small form is served meanwhile')
  t.equal((await lrs.as('janedoe').get()).status, 200, 'and who has credentials anyhow')
  t.ok(refused().length < 12, 'some hold what they may')
})

t.test('field B1: a form must arrive in time, and what was refused is not listened to for ever', async (t) => {
  const lrs = await startLrs(t, { settings: { anonymousTimeout: 1 } })
  const slow = await open(t, lrs.port)
  slow.socket.write(`${form}Content-Length: 1000\r\n\r\nlimit`)
  const answer = await answerOf(slow)
  t.match(answer, /^HTTP\/1\.1 408 /)
  t.match(answer, /"setting":"RALPH_RUNSERVER_ANONYMOUS_TIMEOUT"/)
  const unknown = await open(t, lrs.port)
  unknown.socket.write('POST /xAPI/statements HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
  t.match(await answerOf(unknown), /^HTTP\/1\.1 401 /)
  const began = performance.now()
  const dripping = setInterval(() => unknown.socket.write('a'), 100)
  await closed(unknown)
  clearInterval(dripping)
  t.ok(performance.now() - began < 10_000, 'although it goes on sending')
})

t.test('field B1: a request that drips in is 408, body or head', async (t) => {
  const lrs = await startLrs(t, { settings: { requestTimeout: 2 } })
  for (const begin of ['GET /xAPI/about HTTP/1.1\r\nHost: a\r\nX: ', `${form}Content-Length: 1000\r\n\r\n`]) {
    const slow = await open(t, lrs.port)
    slow.socket.write(begin)
    const dripping = setInterval(() => slow.socket.write('a'), 100)
    const answer = await answerOf(slow)
    clearInterval(dripping)
    t.match(answer, /^HTTP\/1\.1 408 /)
    t.match(answer, /RALPH_RUNSERVER_REQUEST_TIMEOUT/)
  }
})

t.test('field B1: connections have a bound; one that ends makes room for another', async (t) => {
  const lrs = await startLrs(t, { settings: { maxConnections: 5 } })
  const clients = await Promise.all(Array.from({ length: 5 }, () => open(t, lrs.port)))
  const beyond = await open(t, lrs.port)
  await closed(beyond)
  t.equal(beyond.received(), '')
  t.match(lrs.log.join(''), /as many as RALPH_RUNSERVER_MAX_CONNECTIONS allows/)
  clients[0]?.socket.destroy()
  await wait(100)
  t.equal((await lrs.as('janedoe').get()).status, 200)
})

t.test(
  'field F14: one address does not keep others out by its connections, silent or with forms that do not arrive',
  async (t) => {
    const lrs = await startLrs(t, { settings: { maxConnections: 8 } })
    const begin = async (text: string): Promise<Client> => {
      const client = await open(t, lrs.port)
      client.socket.write(text)
      return client
    }
    const greedy = await Promise.all(
      Array.from({ length: 8 }, (_, at) => begin(at < 2 ? '' : `${form}Content-Length: 1000\r\n\r\nlimit`))
    )
    await wait(100)
    const others = await Promise.all(['127.0.0.2', '127.0.0.3', '127.0.0.3'].map((from) => open(t, lrs.port, from)))
    for (const other of others) {
      other.socket.write('GET /xAPI/about HTTP/1.1\r\nHost: a\r\n\r\n')
      t.match(await answerOf(other), /^HTTP\/1\.1 200 /)
    }
    t.equal(greedy.filter(({ socket }) => socket.destroyed).length, 3)
    t.match(lrs.log.join(''), /closed to make room for another source: there are 8/)
    const beyond = await open(t, lrs.port)
    await closed(beyond)
    t.equal(beyond.received(), '', 'its own next ones are refused, as before')
  }
)

t.test('field F14: behind a proxy, from whose address all come, none is closed for another', async (t) => {
  const lrs = await startLrs(t, { settings: { maxConnections: 3, trustProxy: true } })
  const clients = await Promise.all(Array.from({ length: 3 }, () => open(t, lrs.port)))
  await closed(await open(t, lrs.port, '127.0.0.2'))
  t.ok(clients.every(({ socket }) => !socket.destroyed))
})
