import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { openLdpData } from '../../src/backends/ldp/data.ts'
import type { BytesBackend } from '../../src/contracts/data-backend.ts'
import { aFreePort, type Received, type Reply, startAnswering } from '../support/answering.ts'

/** APIs and storages that fail as no honest one does on purpose. */

const base = '/1.0/dbaas/logs/s/output/graylog/stream/st/archive'

const open = async (
  t: Test,
  endpoint: string,
  said: string[] = [],
  requestTimeout: number | undefined = undefined
): Promise<BytesBackend> => {
  const say = (message: string): void => {
    said.push(message)
  }
  const backend = await openLdpData({
    endpoint,
    applicationKey: 'ak',
    applicationSecret: 'as',
    consumerKey: 'ck',
    serviceName: 's',
    streamId: 'st',
    requestTimeout,
    unsealTimeout: 0,
    clock: () => Date.now() * 1000,
    log: { debug: say, info: say, warn: say, error: say },
    retries: { attempts: 2, firstPause: 1, longestPause: 2 }
  })
  t.teardown(() => backend.close())
  return backend
}

const onApi = async (t: Test, answer: (path: string, received: Received) => Reply, said: string[] = []) => {
  const { url } = await startAnswering(t, (received) => {
    if (received.url === '/1.0/auth/time') return { body: String(Math.floor(Date.now() / 1000)) }
    return answer(received.url.slice(base.length), received)
  })
  return open(t, `${url}/1.0`, said)
}

const onStorage = async (t: Test, listener: RequestListener): Promise<URL> => {
  const server = createServer(listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  // Of a server that listens on a port.
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`)
}

/** An API with one archive of this size, which is kept there. */
const archiveAt = (storage: URL, size: number) => (path: string) => ({
  body: path.endsWith('/url') ? { url: storage.href } : { archiveId: 'a', size }
})

const read = async (backend: BytesBackend): Promise<string> => {
  let all = ''
  for await (const chunk of backend.read?.('a', {}) ?? []) all += Buffer.from(chunk).toString()
  return all
}

const list = async (backend: BytesBackend): Promise<string[]> => {
  const all: string[] = []
  for await (const { id } of backend.list?.({}) ?? []) all.push(id)
  return all
}

t.test('an archive that goes while the others are listed is left out, which is said', async (t) => {
  const said: string[] = []
  const answer = (path: string): Reply => {
    if (path === '') return { body: ['a', 'b', 'c'] }
    return path === '/b' ? { status: 404, body: { message: 'gone' } } : { body: { archiveId: path.slice(1) } }
  }
  t.same(await list(await onApi(t, answer, said)), ['a', 'c'])
  t.match(said, [/archive b has gone/])
})

t.test('answers that are none are refused', async (t) => {
  for (const body of [{ a: 1 }, ['a', 1], 'null']) {
    const backend = await onApi(t, () => ({ body }))
    await t.rejects(list(backend), { code: 'STORE_UNAVAILABLE', message: /something else than a list of archives/ })
  }
  for (const body of [[], { size: 'large' }, 'null']) {
    const backend = await onApi(t, () => ({ body }))
    await t.rejects(read(backend), { message: /something else than the details of an archive/ })
  }
  for (const url of [undefined, 1, 'ftp://storage.example.org/x', 'http://']) {
    const backend = await onApi(t, (path) => ({ body: path.endsWith('/url') ? { url } : {} }))
    await t.rejects(read(backend), { message: /something else than the link to an archive/ })
  }
  const { url } = await startAnswering(t, () => ({ body: '"noon"' }))
  await t.rejects(list(await open(t, `${url}/1.0`)), { message: /answered 200 to GET \/auth\/time/ })
})

t.test('an API that is unreachable, or does not answer in time, is said to be', async (t) => {
  const nobody = `http://127.0.0.1:${await aFreePort()}`
  t.match(await (await open(t, `${nobody}/1.0`)).status(), { state: 'away', detail: `${nobody} is unreachable` })
  const silent = await onStorage(t, () => {})
  const said: string[] = []
  const backend = await open(t, `${silent.origin}/1.0`, said, 0.05)
  await t.rejects(list(backend), { code: 'STORE_UNAVAILABLE', message: /it does not answer/ })
  t.equal(said.length, 1, 'it was asked a second time')
})

t.test('a storage that stops in the middle of an archive is asked for the rest', async (t) => {
  const ranges: (string | undefined)[] = []
  const storage = await onStorage(t, ({ headers }, response) => {
    ranges.push(headers.range)
    if (headers.range === undefined) response.writeHead(200, { 'content-length': 10 }).write('01234')
    else response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('56789')
  })
  const { url } = await startAnswering(t, ({ url }) =>
    url === '/1.0/auth/time' ? { body: '1' } : archiveAt(storage, 10)(url)
  )
  t.equal(await read(await open(t, `${url}/1.0`, [], 0.1)), '0123456789')
  t.same(ranges, [undefined, 'bytes=5-'])
})

t.test('a storage that fails is asked again; one that gives other bytes than were asked for is not', async (t) => {
  let count = 0
  const failing = await onStorage(t, (_, response) => {
    count += 1
    if (count < 3) response.writeHead(503).end()
    else response.end('01234')
  })
  t.equal(await read(await onApi(t, archiveAt(failing, 5))), '01234')
  const wrong = await onStorage(t, ({ headers }, response) => {
    if (headers.range === undefined)
      response.writeHead(200, { 'content-length': 10 }).write('01234', () => response.destroy())
    else response.writeHead(206, { 'content-range': 'bytes 0-4/10' }).end('01234')
  })
  await t.rejects(read(await onApi(t, archiveAt(wrong, 10))), { message: /another range than bytes 5 and on/ })
  const refusing = await onStorage(t, (_, response) => response.writeHead(418).end())
  await t.rejects(read(await onApi(t, archiveAt(refusing, 10))), { message: /answered 418 to the link/ })
})
