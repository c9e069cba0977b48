import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import t, { type Test } from 'tap'
import { type WebSocket, WebSocketServer } from 'ws'
import { optionList, usualOptions } from '../../src/backends/ws/client-options.ts'
import { openWsData } from '../../src/backends/ws/data.ts'
import { linesOf } from '../../src/backends/ws/lines.ts'
import type { ReadOptions, RecordsBackend } from '../../src/contracts/data-backend.ts'
import { aFreePort, startAnswering } from '../support/answering.ts'
import { aCertificate, asPem } from '../support/certificate.ts'
import { openData } from '../support/data-place.ts'

const listen = async (t: Test, server: Server, port = 0): Promise<number> => {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  // Of a server that listens on a port.
  return (server.address() as AddressInfo).port
}

/** A server that does with the connection of this number, from 1, what the test says. */
const serve = async (t: Test, onConnection: (socket: WebSocket, count: number) => void): Promise<string> => {
  const sockets = new WebSocketServer({ noServer: true })
  const server = createHttp().on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request))
  })
  let count = 0
  sockets.on('connection', (socket) => {
    count += 1
    onConnection(socket, count)
  })
  const port = await listen(t, server)
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate()
  })
  return `ws://127.0.0.1:${port}/tail?tk=secret-token`
}

const open = async (
  t: Test,
  uri: string,
  settings: Readonly<Record<string, string>> = {},
  said: { lines: string[] } = { lines: [] }
): Promise<RecordsBackend> => {
  const backend = await openData(t, 'ws', { URI: uri, ...settings }, said)
  if (backend.moves !== 'records') throw new Error('messages are records')
  return backend
}

const readInto = async (all: string[], backend: RecordsBackend, options: ReadOptions = {}): Promise<string[]> => {
  for await (const { lines } of backend.read?.(undefined, options) ?? []) all.push(...lines)
  return all
}

const read = (backend: RecordsBackend, options: ReadOptions = {}): Promise<string[]> => readInto([], backend, options)

t.test('messages are read until the other side says that it is done, each on a line', async (t) => {
  const uri = await serve(t, (socket) => {
    socket.send('{"n": 1.0}')
    socket.send('no JSON \\ at all, ü')
    socket.send('{\n  "n": "a\\n"\n}\n')
    socket.send(Buffer.from('{"binary":true}'))
    socket.send('')
    socket.close(1000, 'done')
  })
  const lines = ['{"n": 1.0}', 'no JSON \\ at all, ü', '{"n": "a\\n"}', '{"binary":true}', '']
  t.same(await read(await open(t, uri)), lines)
})

t.test('what a message of several lines becomes', async (t) => {
  t.same(linesOf('{"a":1}\r\n'), ['{"a":1}'])
  t.same(linesOf('[1,\r\n 2]'), ['[1,2]'])
  t.same(linesOf('{"a":1}\n{"a":2}\n\n'), ['{"a":1}', '{"a":2}'])
  t.same(linesOf('two\nlines'), ['"two\\nlines"'])
})

t.test('every message of many arrives, in order, however slow the reader is, and few are held', async (t) => {
  const count = 3000
  const filler = 'x'.repeat(10_000)
  let server: WebSocket | undefined
  const uri = await serve(t, (socket) => {
    server = socket
    for (let n = 0; n < count; n += 1) socket.send(`{"n":${n},"x":"${filler}"}`)
    socket.close(1000)
  })
  const backend = await open(t, uri, { CLIENT_OPTIONS__compression: 'none' })
  const sizes: number[] = []
  let next = 0
  for await (const { lines } of backend.read?.(undefined, {}) ?? []) {
    if (sizes.length === 0) {
      // All that the sockets hold is full before the first is worked on; the rest waits at the server.
      await new Promise((resolve) => setTimeout(resolve, 200))
      t.ok((server?.bufferedAmount ?? 0) > 10_000_000, 'the server was made to wait')
    }
    sizes.push(lines.length)
    for (const line of lines) {
      if (!line.startsWith(`{"n":${next},`)) t.fail(`${line.slice(0, 20)} in place of ${next}`)
      next += 1
    }
  }
  t.equal(next, count)
  t.ok(Math.max(...sizes) < 100, `at most ${Math.max(...sizes)} were held`)
})

t.test('any other end is an error that names code and reason, after what had come', async (t) => {
  const uri = await serve(t, (socket) => {
    socket.send('1')
    socket.close(4001, 'the token\nhas expired')
  })
  const all: string[] = []
  const reading = readInto(all, await open(t, uri))
  await t.rejects(reading, {
    code: 'STORE_UNAVAILABLE',
    message: /closed the connection with code 4001 \(the token has expired\)/
  })
  t.same(all, ['1'])
  const broken = await serve(t, (socket) => socket.terminate())
  await t.rejects(read(await open(t, broken)), { message: /code 1006 \(without goodbye\)/ })
  const away = await serve(t, (socket) => socket.close(1001))
  await t.rejects(read(await open(t, away)), { message: /code 1001 \(it goes away\)/ })
})

t.test('no message of the program shows the token of the URI', async (t) => {
  const uri = await serve(t, (socket) => socket.close(1011))
  const said = { lines: [] }
  const error: unknown = await read(await open(t, uri, { RECONNECT: '1' }, said)).catch((reason) => reason)
  t.type(error, Error)
  t.notMatch(String(error) + said.lines, /secret-token/)
})

t.test('a message over max_size is refused and ends it, even if it may reconnect', async (t) => {
  const uri = await serve(t, (socket) => {
    socket.send('x'.repeat(1000))
    socket.send('x'.repeat(1001))
  })
  const all: string[] = []
  const backend = await open(t, uri, { CLIENT_OPTIONS: 'max_size=1000', RECONNECT: '5' })
  await t.rejects(readInto(all, backend), { message: /more than 1000 bytes: raise CLIENT_OPTIONS__max_size/ })
  t.equal(all.length, 1)
  const unlimited = await serve(t, (socket) => {
    socket.send('x'.repeat(2 ** 20 + 1))
    socket.close(1000)
  })
  t.equal((await read(await open(t, unlimited, { CLIENT_OPTIONS__max_size: 'none' }))).length, 1)
})

t.test('bytes that are no text end it, or are told and passed over', async (t) => {
  const uri = await serve(t, (socket) => {
    socket.send('1')
    socket.send(Buffer.from([0xff]))
    socket.send('2')
    socket.close(1000)
  })
  await t.rejects(read(await open(t, uri)), { message: /not UTF-8 text/ })
  const errors: Error[] = []
  t.same(await read(await open(t, uri), { onError: (error) => errors.push(error) }), ['1', '2'])
  t.match(errors, [{ message: /not UTF-8 text/ }])
})

t.test('a server that answers no ping is given up, one whose reader is slow is not', async (t) => {
  const options = { client: { ...usualOptions, ping_interval: 0.02, ping_timeout: 0.1 }, reconnect: 0 }
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  // A WebSocket answers pings by itself unless it is told otherwise.
  const mute = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: false })
  await once(mute, 'listening')
  t.teardown(() => mute.close())
  // Of a server that listens on a port.
  const uri = `ws://127.0.0.1:${(mute.address() as AddressInfo).port}`
  const deaf = await openWsData({ ...options, uri, log })
  t.teardown(() => deaf.close())
  await t.rejects(read(deaf), { code: 'STORE_UNAVAILABLE', message: /did not answer a ping within 0\.1 seconds/ })

  const full = await serve(t, (socket) => {
    for (let n = 0; n < 1000; n += 1) socket.send('x'.repeat(10_000))
    socket.close(1000)
  })
  const slow = await openWsData({ ...options, uri: full, log })
  t.teardown(() => slow.close())
  let count = 0
  for await (const { lines } of slow.read?.(undefined, {}) ?? []) {
    if (count === 0) await new Promise((resolve) => setTimeout(resolve, 400))
    count += lines.length
  }
  t.equal(count, 1000)
})

t.test('RECONNECT makes lost connections again, and counts anew when something came', async (t) => {
  const uri = await serve(t, (socket, count) => {
    if (count % 3 !== 0) return socket.terminate()
    socket.send(String(count))
    return count === 9 ? socket.close(1000) : socket.close(1012)
  })
  const said: string[] = []
  const warn = (message: string): void => {
    said.push(message)
  }
  const log = { debug: warn, info: warn, warn, error: warn }
  const open = async (reconnect: number): Promise<RecordsBackend> => {
    const pauses = { firstPause: 2, longestPause: 4 }
    const backend = await openWsData({ uri, client: usualOptions, reconnect, log, pauses })
    t.teardown(() => backend.close())
    return backend
  }
  t.same(await read(await open(3)), ['3', '6', '9'])
  t.equal(said.length, 8)
  t.match(said[0], /code 1006.*connecting again in 0\.0 s/)
  await t.rejects(read(await open(1)), { message: /code 1006/ }, 'two in a row are one too many')
})

t.test('reading can be stopped while nothing comes, while it connects, and by closing', async (t) => {
  const uri = await serve(t, () => {})
  const backend = await open(t, uri)
  const stop = new AbortController()
  setImmediate(() => stop.abort(new Error('enough')))
  await t.rejects(read(backend, { signal: stop.signal }), { message: 'enough' })
  await t.rejects(read(backend, { signal: stop.signal }), { message: 'enough' })
  const reading = read(backend)
  const closed = t.rejects(reading, { code: 'INTERRUPTED' })
  await backend.close()
  await backend.close()
  await closed
})

t.test('who stops reading says goodbye to the server', async (t) => {
  const code = new Promise((resolve) => {
    const uri = serve(t, (socket) => {
      for (let n = 0; n < 1000; n += 1) socket.send('x'.repeat(1000))
      socket.on('close', resolve)
    })
    uri.then(async (uri) => {
      const backend = await open(t, uri)
      for await (const _ of backend.read?.(undefined, {}) ?? []) break
    })
  })
  t.equal(await code, 1000)
})

t.test('what is no WebSocket is said to be none, and who is unknown is told so', async (t) => {
  for (const [status, code] of [
    [401, 'UNAUTHENTICATED'],
    [403, 'FORBIDDEN'],
    [404, 'NOT_FOUND'],
    [200, 'STORE_UNAVAILABLE']
  ] as const) {
    const { url } = await startAnswering(t, () => ({ status }))
    const backend = await open(t, url.replace('http', 'ws'))
    await t.rejects(read(backend), { code, message: new RegExp(`answered ${status}`) })
    t.match(await backend.status(), { state: status === 200 ? 'away' : 'error' })
  }
  const nobody = await open(t, `ws://127.0.0.1:${await aFreePort()}`)
  await t.rejects(read(nobody), { code: 'STORE_UNAVAILABLE', message: /unreachable/ })
  const unnamed = await openData(t, 'ws', {})
  t.match(await unnamed.status(), { state: 'error', detail: /RALPH_BACKENDS__DATA__WS__URI/ })
})

t.test('a server whose certificate nobody vouches for is not trusted', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const server = createHttps({
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: asPem('CERTIFICATE', aCertificate(publicKey, privateKey))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.send('1')
    socket.close(1000)
  })
  const backend = await open(t, `wss://127.0.0.1:${await listen(t, server)}`)
  await t.rejects(read(backend), { code: 'STORE_UNAVAILABLE', message: /certificate/ })
})

t.test('a query is refused, and options are read as Ralph writes them', async (t) => {
  const uri = await serve(t, (socket) => socket.close(1000))
  const backend = await open(t, uri)
  await t.rejects(
    async () => {
      for await (const _ of backend.read?.('x', {}) ?? []) t.fail('read')
    },
    { code: 'INVALID_QUERY' }
  )
  t.same(await backend.status(), { state: 'ok' })
  t.same(optionList.parse('max_size=,max_queue=5, open_timeout=2.5,compression=none,origin=none'), {
    max_size: Number.POSITIVE_INFINITY,
    max_queue: 5,
    open_timeout: 2.5,
    compression: 'none',
    origin: ''
  })
  for (const wrong of ['max_size', 'max_size=x', 'size=1', 'a=b=c', ''])
    t.equal(optionList.parse(wrong), undefined, wrong)
})
