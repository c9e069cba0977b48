import { createServer } from 'node:http'
import { type AddressInfo, connect, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import t from 'tap'
import { textOf } from '../contracts/registry.ts'
import { faultContract, goneContract } from '../contracts/registry-faults.ts'
import { aSelfSigned } from '../support/certificate.ts'
import { aConsul } from '../support/consul-server.ts'
import { ralph } from '../support/ralph-process.ts'
import { aBucket, aRegistry } from '../support/registry.ts'

// A server that listens on TCP has such an address.
const portOf = (server: Server): number => (server.address() as AddressInfo).port

t.test('a bucket, a killed holder, a restart, a server that hangs, one that is gone', async (t) => {
  const engine = await aConsul(t, { shortestSession: 1 })
  const bucket = aBucket()
  const settings = { provider: 'consul', endpoints: engine.url, bucket, timeout: '1s' }
  const registry = await aRegistry(settings)
  t.teardown(() => registry.close())

  await t.test('keys stand below the bucket, by the names that Consul shows', async (t) => {
    await registry.put('services/lrs/1', Buffer.from('here'))
    const said = await (await fetch(`${engine.url}/v1/kv/${bucket}/services/lrs/1`)).text()
    t.match(said, Buffer.from('here').toString('base64'))
    const other = await aRegistry({ ...settings, bucket: aBucket() })
    await t.rejects(other.list(''), { code: 'KEY_NOT_FOUND' }, 'another bucket is empty')
    await other.close()
  })

  await t.test(
    'a TTL that is too short for the server becomes its shortest, one that is too long is refused',
    async (t) => {
      const usual = await aConsul(t)
      const there = await aRegistry({ ...settings, endpoints: usual.url })
      t.teardown(() => there.close())
      await there.put('brief', Buffer.from('1'), { ttl: 1000 })
      const [{ Session }]: [{ readonly Session?: string }] = JSON.parse(
        await (await fetch(`${usual.url}/v1/kv/${bucket}/brief`)).text()
      )
      const session = await fetch(`${usual.url}/v1/session/renew/${Session}`, { method: 'PUT' })
      t.match(await session.json(), [{ TTL: '10s' }])
      await t.rejects(there.put('long', Buffer.from('x'), { ttl: 90_000_000 }), { code: 'INVALID_PARAMETER' })
    }
  )

  await t.test('a value that is put again without a TTL stays', async (t) => {
    await registry.put('kept', Buffer.from('1'), { ttl: 1000 })
    await registry.put('kept', Buffer.from('2'))
    const said = await (await fetch(`${engine.url}/v1/kv/${bucket}/kept`)).text()
    t.notMatch(said, 'Session')
    t.equal(textOf(await registry.get('kept')), '2')
  })

  const faults = {
    engine,
    settings,
    registry,
    ttl: 1000,
    // A session ends within twice its TTL.
    notices: 2000,
    patient: {},
    givenUp: 3000,
    lost: 4000,
    gone: /was not reached within 1000 ms/
  }
  await faultContract(t, faults)
  await goneContract(t, faults)
})

t.test('a token, a user of a proxy, and what refuses them', async (t) => {
  const server = await aConsul(t, { token: 'the token' })
  const as = async (credentials: Readonly<Record<string, string>>) => {
    const registry = await aRegistry({ provider: 'consul', endpoints: server.url, bucket: aBucket(), ...credentials })
    t.teardown(() => registry.close())
    return registry
  }
  const allowed = await as({ password: 'the token' })
  await allowed.put('a', Buffer.from('1'))
  t.equal(textOf(await allowed.get('a')), '1')
  await t.rejects((await as({ password: 'another' })).get('a'), { code: 'UNAUTHENTICATED', message: /ACL not found/ })
  const proxied = await as({ username: 'root', password: 'foo' })
  await t.rejects(proxied.get('a'), { code: 'FORBIDDEN', message: /Permission denied/ })
})

t.test('the block of document 004 is a configuration of consul', async (t) => {
  const server = await aConsul(t)
  const directory = t.testdir({
    'ralph.yml': `registry:
  provider: consul
  endpoints:
    - ${server.url.slice('http://'.length)}
  username: root
  password: foo
  timeout: 5s
  bucket: name_of_bucket
  header_timeout_per_request: 1m
  auto_sync: true
`
  })
  const env = { RALPH_CONFIG: `${directory}/ralph.yml` }
  t.match(await ralph(t, ['kv', 'put', 'a/b', 'text'], { env }), { code: 0, stderr: '' })
  t.match(await ralph(t, ['kv', 'get', 'a/b'], { env }), { code: 0, stdout: 'text' })
  t.match(await (await fetch(`${server.url}/v1/kv/name_of_bucket/a/b`)).json(), [{ Key: 'name_of_bucket/a/b' }])
  const two = await ralph(t, ['kv', '--registry-endpoints', 'a,b', 'get', 'a'], { env })
  t.match(two, { code: 2, stderr: /RALPH_REGISTRY__ENDPOINTS must be one for consul/ })
})

t.test('somebody else who answers at the address is not taken for consul', async (t) => {
  const server = createServer((_, response) => response.end('<html>hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const registry = await aRegistry({ provider: 'consul', endpoints: `127.0.0.1:${portOf(server)}` })
  t.teardown(() => registry.close())
  await t.rejects(registry.get('a'), { code: 'REGISTRY_UNREACHABLE', message: /is it Consul/ })
})

t.test('consul behind TLS is trusted by the authority that is named, and by no other', async (t) => {
  const server = await aConsul(t)
  const [served, other] = [aSelfSigned(), aSelfSigned()]
  const door = createTlsServer({ cert: served.pem, key: served.key }, (client) => {
    const upstream = connect(Number(new URL(server.url).port), '127.0.0.1')
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  t.teardown(() => door.close())
  const settings = { provider: 'consul', endpoints: `localhost:${portOf(door)}`, bucket: aBucket(), timeout: '1s' }
  const certificate = (pem: string) => ({ certificate: Buffer.from(pem).toString('base64') })
  const trusting = await aRegistry({ ...settings, ...certificate(served.pem) })
  await trusting.put('a', Buffer.from('1'))
  t.equal(textOf(await trusting.get('a')), '1')
  const misled = await aRegistry({ ...settings, ...certificate(other.pem) })
  await t.rejects(misled.get('a'), { code: 'REGISTRY_UNREACHABLE', message: /self-signed certificate/ })
})
