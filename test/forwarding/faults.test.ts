import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { isThisServer } from '../../src/parts/forwarding.ts'
import { aFreePort, type Received, type Reply, startAnswering } from '../support/answering.ts'
import { type Forwarder, startForwarder } from '../support/forwarding.ts'
import { until } from '../support/postgres.ts'
import { aBatch, aStatement } from '../support/statements.ts'
import { aTlsWire } from '../support/tls-wire.ts'

const password = 'PASSWORD-OF-THE-RECEIVER'
const token = Buffer.from(`jane:${password}`).toString('base64')

const forwardingTo = (url: string, more: object = {}) => ({
  ...{ url: `${url}/xAPI/statements?key=KEY-IN-THE-URL`, name: 'there', begin: 'first', max_retries: 0, timeout: 0.3 },
  ...{ basic_username: 'jane', basic_password: password, hmac_secret: 'SECRET-OF-THE-HMAC', ...more }
})

/** A server on a real socket that does what HTTP does not foresee. */
const startRaw = async (t: Test, serve: (socket: Socket) => void): Promise<string> => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', () => serve(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  // Of a server that listens on a port.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const start = async (t: Test, url: string, more: object = {}, count = 1): Promise<Forwarder> => {
  const forwarder = await startForwarder(t, { forwardings: [forwardingTo(url, more)] })
  await forwarder.store.statements.insert(aBatch(...Array.from({ length: count }, () => aStatement())))
  return forwarder
}

/** Waits for the trouble; it is told in log, health and status, without a secret, and nothing is a dead letter. */
const expectTrouble = async (t: Test, { running, log }: Forwarder, expected: RegExp): Promise<void> => {
  await until(async () => (await running.status())[0]?.state === 'trouble')
  const [status] = await running.status()
  t.match(status, { detail: expected, deadLetters: 0, delivered: 0, oldestUndelivered: /^\d{4}-/ })
  t.match(running.health(), {
    state: 'degraded',
    detail: expected,
    hint: 'there is waiting, statements are forwarded later'
  })
  t.match(log.join('\n'), expected)
  t.notMatch(JSON.stringify([log, status, running.health()]), new RegExp(`${password}|${token}|KEY-IN|SECRET-OF`))
}

t.test('one that hangs is given up, and one that is not there', async (t) => {
  await expectTrouble(t, await start(t, await startRaw(t, () => {})), /did not answer within 0\.3 s/)
  await expectTrouble(t, await start(t, `http://127.0.0.1:${await aFreePort()}`), /nothing listens there/)
})

t.test('one that closes half-way, sends byte by byte, or without end', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
  const half = await startRaw(t, (socket) => socket.end(`${head}content-length: 100\r\n\r\n["`))
  await expectTrouble(t, await start(t, half), /other side closed|connection broke/)
  const slow = await startRaw(t, (socket) => {
    socket.write(`${head}\r\n`)
    const timer = setInterval(() => socket.write(' '), 50)
    socket.once('close', () => clearInterval(timer))
  })
  await expectTrouble(t, await start(t, slow, { timeout: 0.1 }), /its answer was not complete after 1 s|did not answer/)
  const endless = await startRaw(t, (socket) => {
    socket.write(`${head}\r\n`)
    const more = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(2 ** 16, ' ')));
    }
    socket.on('drain', more)
    more()
  })
  await expectTrouble(t, await start(t, endless, { timeout: 5 }), /sends an endless answer/)
})

t.test('a certificate that nobody knows', async (t) => {
  const receiver = await startAnswering(t, () => ({ body: [] }))
  const { origin } = await aTlsWire(t, receiver.url)
  await expectTrouble(t, await start(t, origin), /certificate is not trusted/)
  t.equal(receiver.received.length, 0)
})

t.test('a redirect is told, and not followed', async (t) => {
  const inner = await startAnswering(t, () => ({ body: [] }))
  for (const status of [301, 302, 307, 308]) {
    const receiver = await startAnswering(t, () => ({ status, headers: { location: `${inner.url}/inner?token=x` } }))
    await expectTrouble(t, await start(t, receiver.url), /its new address is http:\/\/127\.0\.0\.1:\d+\/inner/)
  }
  t.equal(inner.received.length, 0)
})

t.test('answers that are about no statement are never final', async (t) => {
  const cases: readonly (readonly [Reply, RegExp])[] = [
    [{ status: 401, body: { message: `no ${password}, ${token}` } }, /rejects the credentials/],
    [{ status: 403 }, /the user may not store statements there/],
    [{ status: 404 }, /404; is this the URL of its statements\?/],
    [{ status: 429 }, /429/],
    [{ status: 503 }, /503/],
    [{ status: 200, headers: { 'content-type': 'text/html' }, body: '<p>Log in' }, /an HTML page/],
    [{ hangUp: true }, /connection broke|other side closed/]
  ]
  for (const [reply, expected] of cases) {
    const receiver = await startAnswering(t, () => reply)
    await expectTrouble(t, await start(t, receiver.url), expected)
  }
})

const idsIn = ({ body }: Received): string[] => JSON.parse(body).map(({ id }: { id: string }) => id)

t.test('after 404 and 500 for a while everything arrives, in order', async (t) => {
  let isWell = false
  const receiver = await startAnswering(t, (_request, count) =>
    isWell ? { body: [] } : { status: count % 2 === 0 ? 500 : 404 }
  )
  const forwarder = await start(t, receiver.url, {}, 5)
  await until(async () => receiver.received.length > 6)
  const before = receiver.received.length
  isWell = true
  await until(async () => (await forwarder.running.status())[0]?.delivered === 5)
  t.strictSame(forwarder.running.health(), { state: 'ok' })
  const arrived = receiver.received.slice(before).flatMap(idsIn)
  t.equal(new Set(arrived).size, arrived.length, 'none twice')
  t.equal((await forwarder.running.status())[0]?.deadLetters, 0)
  t.match(forwarder.log.join('\n'), /works again/)
})

t.test('a statement over which the receiver fails holds up only what comes after it', async (t) => {
  const statements = Array.from({ length: 8 }, () => aStatement())
  const poison = statements[4]?.id ?? ''
  const receiver = await startAnswering(t, (request) =>
    request.body.includes(poison) ? { status: 500 } : { body: [] }
  )
  const forwarder = await startForwarder(t, { forwardings: [forwardingTo(receiver.url)] })
  await forwarder.store.statements.insert(aBatch(...statements))
  await until(async () => (await forwarder.running.status())[0]?.delivered === 4)
  t.match(await forwarder.running.status(), [{ deadLetters: 0 }])
})

t.test('Retry-After is honoured', async (t) => {
  const times: number[] = []
  const receiver = await startAnswering(t, (_request, count) => {
    times.push(performance.now())
    return count === 1 ? { status: 503, headers: { 'retry-after': '1' } } : { body: [] }
  })
  const forwarder = await start(t, receiver.url)
  await until(async () => (await forwarder.running.status())[0]?.delivered === 1)
  t.ok((times[1] ?? 0) - (times[0] ?? 0) >= 990, 'a pause of ours is 20 ms')
})

t.test('a body that is too large is sent in halves; a voiding that is forbidden is a dead letter', async (t) => {
  const receiver = await startAnswering(t, ({ body }) => {
    const sent: readonly object[] = JSON.parse(body)
    if (sent.length > 2) return { status: 413 }
    if (body.includes('forbidden')) return { status: 403, body: { message: 'you may not void that' } }
    return sent.length === 0 ? { status: 400 } : { body: [] }
  })
  const forwarder = await start(t, receiver.url, {}, 9)
  await until(async () => (await forwarder.running.status())[0]?.delivered === 9)
  await forwarder.store.statements.insert(
    aBatch(aStatement({ verb: { id: 'http://example.org/forbidden' } }), aStatement())
  )
  await until(async () => (await forwarder.running.status())[0]?.delivered === 10)
  t.match(await forwarder.running.deadLetters('there', { limit: 5 }), [{ reason: /403: you may not void that/ }])
})

t.test('the trouble of one forwarding touches no other', async (t) => {
  const receiver = await startAnswering(t, () => ({ body: [] }))
  const silent = await startRaw(t, () => {})
  const forwardings = [forwardingTo(silent, { name: 'silent', timeout: 60 }), forwardingTo(receiver.url)]
  const forwarder = await startForwarder(t, { forwardings })
  for (let count = 1; count <= 3; count += 1) {
    await forwarder.store.statements.insert(aBatch(aStatement()))
    await until(async () => receiver.received.length === count)
  }
  const begun = performance.now()
  await forwarder.stop()
  t.ok(performance.now() - begun < 20_000, 'the end does not wait for the silent one')
})

t.test('this server is not a receiver of its own', async (t) => {
  const own = { host: '0.0.0.0', port: 8100, publicUrl: 'https://lrs.example.org/ralph' }
  for (const url of [
    'http://localhost:8100/xAPI/statements',
    'http://127.0.0.1:8100/xAPI/statements',
    'http://[::1]:8100/x'
  ]) {
    t.ok(isThisServer(new URL(url), own), url)
  }
  t.ok(isThisServer(new URL('https://lrs.example.org/ralph/xAPI/statements'), own))
  for (const url of [
    'http://localhost:8101/xAPI/statements',
    'https://lrs.example.org/xAPI/statements',
    'http://lrs:8100/x'
  ]) {
    t.notOk(isThisServer(new URL(url), own), url)
  }
  t.notOk(isThisServer(new URL('http://127.0.0.2:8100/'), { ...own, host: '127.0.0.1' }))
})
