import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { openS3Data, type S3DataOptions } from '../../src/backends/s3/data.ts'

import { partSizeOf } from '../../src/backends/s3/upload.ts'
import type { BytesBackend } from '../../src/contracts/data-backend.ts'
import { chunksOf, testBytesBackend } from '../contracts/data-backend.ts'
import { aCertificate, asPem } from '../support/certificate.ts'
import { closedPort } from '../support/closed-port.ts'
import { dataDefinition } from '../support/data-place.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { anHttpWire } from '../support/http-wire.ts'
import { digestOf, generated, growthDuring, keptLog, objectsOf, silentAfter } from '../support/objects.ts'
import { aBucket, s3AccessOf, unfinishedUploads } from '../support/s3.ts'

const mebibyte = 2 ** 20

const open = async (t: Test, options: Partial<S3DataOptions> = {}): Promise<BytesBackend> => {
  const backend = await openS3Data({
    timeout: 120_000,
    accessKeyId: 'nobody',
    secretAccessKey: 'nothing',
    sessionToken: undefined,
    region: undefined,
    endpoint: undefined,
    bucket: undefined,
    writeChunkSize: 8 * mebibyte,
    clock: () => Date.now() * 1000,
    log: keptLog(),
    ...options
  })
  t.teardown(() => backend.close())
  return backend
}

t.test('the largest object that S3 takes fits into the parts that it takes', async (t) => {
  for (const first of [5 * mebibyte, 8 * mebibyte, 100 * mebibyte]) {
    let sum = 0
    for (let number = 1; number <= 10_000; number += 1) {
      const size = partSizeOf(number, first)
      if (size < first || size > 5 * 2 ** 30) t.fail(`part ${number} has ${size} bytes`)
      sum += size
    }
    t.ok(sum >= 5 * 2 ** 40, `${first}: ${sum}`)
  }
})

t.test('half of the credentials are refused by name', async (t) => {
  await t.rejects(open(t, { secretAccessKey: undefined }), { code: 'INVALID_SETTING', message: /SECRET_ACCESS_KEY/ })
  const token = { accessKeyId: undefined, secretAccessKey: undefined, sessionToken: 'token' }
  await t.rejects(open(t, token), { code: 'INVALID_SETTING', message: /ACCESS_KEY_ID/ })
})

t.test('without a bucket it says which setting names one', async (t) => {
  const objects = objectsOf(await open(t))
  const lacking = { code: 'INVALID_SETTING', message: /S3__DEFAULT_BUCKET_NAME/ }
  await t.rejects(objects.names(), lacking)
  await t.rejects(objects.read('key'), lacking)
  await t.rejects(objects.write(chunksOf('x'), { target: 'key' }), lacking)
})

t.test('a server that is not there is away', async (t) => {
  const endpoint = `http://127.0.0.1:${await closedPort()}`
  const backend = await open(t, { endpoint, bucket: 'some' })
  t.match(await backend.status(), { state: 'away', detail: /is unreachable: nothing listens there/ })
  await t.rejects(objectsOf(backend).names(), { code: 'STORE_UNAVAILABLE' })
  const nowhere = await open(t, { endpoint: 'http://nowhere.invalid', bucket: 'some' })
  t.match(await nowhere.status(), { state: 'away', detail: /nowhere\.invalid is unreachable/ })
})

t.test('a server whose certificate is not trusted is told from one that is not there', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const cert = asPem('CERTIFICATE', aCertificate(publicKey, privateKey, { host: '127.0.0.1', validity: 'valid' }))
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const server = createServer({ key, cert }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo
  const backend = await open(t, { endpoint: `https://127.0.0.1:${port}`, bucket: 'some' })
  t.match(await backend.status(), { state: 'away', detail: /certificate is not trusted .* NODE_EXTRA_CA_CERTS/ })
  const plain = await anHttpWire(t, 'http://127.0.0.1:9')
  const wrong = await open(t, { endpoint: plain.origin.replace('http:', 'https:'), bucket: 'some' })
  t.match(await wrong.status(), { state: 'away', detail: /TLS|another protocol/ })
})

const engine = await engineFor('s3')
if ('missing' in engine) t.test('s3', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const access = s3AccessOf(engine.url)
  const options = new WeakMap<BytesBackend, Partial<S3DataOptions>>()

  const openOn = async (t: Test, more: Partial<S3DataOptions> = {}): Promise<BytesBackend> => {
    const used = { ...access, ...more }
    const backend = await open(t, used)
    options.set(backend, used)
    return backend
  }

  const inBucket = async (t: Test, more: Partial<S3DataOptions> = {}) => {
    const bucket = await aBucket(t, engine.url)
    const backend = await openOn(t, { bucket, ...more })
    return { bucket, backend, ...objectsOf(backend) }
  }

  testBytesBackend(t, {
    definition: dataDefinition('s3'),
    open: async (t) => openOn(t, { bucket: await aBucket(t, engine.url) }),
    reopen: (t, backend) => open(t, options.get(backend))
  })

  t.test('every page of a list is read', async (t) => {
    const { bucket, names, read, write } = await inBucket(t, { pageSize: 2 })
    const all = ['a', 'b', 'c/d', 'c/e', 'ü ?#%+&.txt']
    for (const name of all) await write(chunksOf(name), { target: `${bucket}/${name}` })
    t.same(await names(), all)
    for (const name of all) t.equal(String(await read(name)), name)
  })

  t.test('a target is a bucket and a key, a key in the default bucket, or a bucket', async (t) => {
    const { bucket, backend, names, read, write } = await inBucket(t)
    const other = await aBucket(t, engine.url)
    t.match(await write(chunksOf('1'), { target: `${other}/deep/ü ?#%+&.txt` }), {
      historyId: `${other}/deep/ü ?#%+&.txt`
    })
    t.match(await write(chunksOf('2'), { target: 'flat' }), { historyId: `${bucket}/flat` })
    t.match((await write(chunksOf('3'))).historyId, new RegExp(`^${bucket}/\\d{4}-\\d\\d-\\d\\dT.*Z-[0-9a-f-]{36}$`))
    t.match((await write(chunksOf('4'), { target: `${other}/` })).historyId, new RegExp(`^${other}/\\d{4}-`))
    await t.rejects(write(chunksOf('5'), { target: '/key' }), { code: 'INVALID_SETTING' })
    t.equal((await names()).length, 2)
    t.equal((await names({ target: other })).length, 2)
    t.equal(String(await read('deep/ü ?#%+&.txt', { target: other })), '1')
    await t.rejects(read('deep/ü ?#%+&.txt'), { code: 'NOT_FOUND' })
    await t.rejects(read(undefined), { code: 'INVALID_QUERY' })
    t.same(await backend.delete?.('deep/ü ?#%+&.txt', { target: other }), { deleted: 1 })
  })

  t.test('details are those of S3, with times as ISO 8601', async (t) => {
    const { listed, write } = await inBucket(t)
    await write(chunksOf('12345'), { target: 'five' })
    t.match(await listed(), [
      { details: { Key: 'five', Size: 5, ETag: /^"[0-9a-f]{32}"$/, LastModified: /^\d{4}-.+Z$/ } }
    ])
  })

  t.test('a bucket that is not there is named', async (t) => {
    const backend = await openOn(t, { bucket: 'ralph-test-nowhere' })
    const { names, read, write } = objectsOf(backend)
    const lacking = { code: 'NOT_FOUND', message: /^bucket ralph-test-nowhere does not exist/ }
    await t.rejects(names(), lacking)
    await t.rejects(read('key'), lacking)
    await t.rejects(write(chunksOf('x'), { target: 'key' }), lacking)
    await t.rejects(write(generated(20 * mebibyte), { target: 'key' }), lacking)
    t.match(await backend.status(), { state: 'error', detail: /^bucket ralph-test-nowhere does not exist/ })
  })

  t.test('wrong credentials are told from others, and never shown', async (t) => {
    const bucket = await aBucket(t, engine.url)
    for (const [wrong, variable] of [
      [{ secretAccessKey: 'wrong-secret' }, /S3__SECRET_ACCESS_KEY/],
      [{ accessKeyId: 'wrong-key' }, /S3__ACCESS_KEY_ID/]
    ] as const) {
      const backend = await openOn(t, { bucket, ...wrong })
      const refused = { code: 'UNAUTHENTICATED', message: variable }
      await t.rejects(objectsOf(backend).names(), refused)
      await t.rejects(objectsOf(backend).read('key'), refused)
      const status = await backend.status()
      t.match(status, { state: 'error', detail: variable })
      t.notMatch(JSON.stringify(status), /wrong-|ralph-secret/)
    }
  })

  t.test('the session token is sent where there is one, and the bucket is in the path', async (t) => {
    const wire = await anHttpWire(t, access.endpoint)
    const { bucket, write } = await inBucket(t, { endpoint: wire.origin, sessionToken: 'of-today' })
    await write(chunksOf('x'), { target: 'with' })
    const put = wire.requests.find(({ method }) => method === 'PUT')
    t.match(put, { path: new RegExp(`^/${bucket}/with`), headers: { 'x-amz-security-token': 'of-today' } })
    t.equal(put?.headers.host, new URL(wire.origin).host)
    wire.requests.length = 0
    const without = objectsOf(await openOn(t, { bucket, endpoint: wire.origin }))
    await without.write(chunksOf('x'), { target: 'without' })
    t.ok(wire.requests.length > 0)
    for (const { headers } of wire.requests) t.notOk('x-amz-security-token' in headers)
  })

  t.test('a download that breaks goes on where it broke', async (t) => {
    const wire = await anHttpWire(t, access.endpoint)
    const { read, write } = await inBucket(t, { endpoint: wire.origin })
    const content = randomBytes(3_000_000)
    await write(chunksOf(content), { target: 'long' })
    wire.requests.length = 0
    wire.fate = ({ method }) => (method === 'GET' && wire.requests.length < 3 ? { cutAfter: 700_000 } : 'passes')
    const totals: unknown[] = []
    t.ok((await read('long', { onTotal: (total) => totals.push(total) })).equals(content))
    t.same(totals, [{ bytes: 3_000_000 }])
    const [first, second, third, ...others] = wire.requests
    t.equal(others.length, 0)
    t.notOk(first?.headers.range)
    for (const each of [second, third]) t.match(each?.headers, { range: /^bytes=[1-9]\d*-$/, 'if-match': /^"/ })
  })

  for (const [event, change] of [
    [
      'changed',
      (backend: BytesBackend) => objectsOf(backend).write(chunksOf('other'), { target: 'it', operation: 'update' })
    ],
    ['deleted', (backend: BytesBackend) => backend.delete?.('it', {})]
  ] as const) {
    t.test(`an object that is ${event} while it is read is not taken for whole`, async (t) => {
      const wire = await anHttpWire(t, access.endpoint)
      const { backend, bucket, read, write } = await inBucket(t)
      await write(chunksOf(randomBytes(3_000_000)), { target: 'it' })
      const reader = objectsOf(await openOn(t, { bucket, endpoint: wire.origin }))
      wire.fate = async () => {
        if (wire.requests.length === 1) return { cutAfter: 500_000 }
        if (wire.requests.length === 2) await change(backend)
        return 'passes'
      }
      const moved: unknown[] = []
      const reading = reader.read('it', { onObject: (each) => moved.push(each) })
      await t.rejects(reading, { code: 'NOT_FOUND', message: new RegExp(`it was ${event} while it was read`) })
      t.same(moved, [])
      if (event === 'changed') t.equal(String(await read('it')), 'other')
    })
  }

  t.test('a server that does not come back is unreachable', async (t) => {
    const wire = await anHttpWire(t, access.endpoint)
    const { read, write } = await inBucket(t, { endpoint: wire.origin })
    await write(chunksOf(randomBytes(3_000_000)), { target: 'it' })
    wire.requests.length = 0
    wire.fate = () => (wire.requests.length === 1 ? { cutAfter: 500_000 } : { status: 503 })
    const stop = new AbortController()
    const reading = read('it', { signal: stop.signal })
    while (wire.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 10))
    stop.abort(new Error('patience has an end'))
    await t.rejects(reading, { message: 'patience has an end' })
  })

  t.test('requests that are lost, refused for now or not answered are sent again', async (t) => {
    const wire = await anHttpWire(t, access.endpoint)
    const { read, write } = await inBucket(t, { endpoint: wire.origin, writeChunkSize: 5 * mebibyte })
    const content = randomBytes(12 * mebibyte)
    for (const fate of ['is lost', 'is not answered', { status: 503 }] as const) {
      const hit = new Set<string>()
      wire.fate = ({ method, path }) => {
        const kind = `${method} ${path.replace(/uploadId=[^&]*/, '')}`
        // The begin of an upload that nobody has heard of is one that nobody can abort.
        if (method === 'POST' && path.includes('uploads')) return 'passes'
        if (hit.has(kind)) return 'passes'
        hit.add(kind)
        return fate
      }
      for (const [size, name] of [
        [1000, 'small'],
        [content.length, 'large']
      ] as const) {
        const target = `${name} ${JSON.stringify(fate)}`
        t.equal((await write(chunksOf(content.subarray(0, size)), { target })).size, size)
        t.ok((await read(target)).equals(content.subarray(0, size)), target)
      }
    }
  })

  t.test('an upload whose source fails, or that is stopped, leaves nothing', async (t) => {
    const { bucket, names, write } = await inBucket(t)
    const broken = async function* () {
      yield* generated(40 * mebibyte)
      throw new Error('the source failed')
    }
    await t.rejects(write(broken(), { target: 'half' }), { message: 'the source failed' })
    const stop = new AbortController()
    const stopped = async function* () {
      yield* generated(40 * mebibyte)
      stop.abort(new Error('stopped'))
      yield* generated(40 * mebibyte)
    }
    await t.rejects(write(stopped(), { target: 'half', signal: stop.signal }), { message: 'stopped' })
    for (const size of [10, 20 * mebibyte]) {
      const silent = new AbortController()
      const source = silentAfter(size, () => silent.abort(new Error('it is silent')))
      await t.rejects(write(source, { target: 'half', signal: silent.signal }), { message: 'it is silent' })
    }
    t.same(await names(), [])
    t.equal(await unfinishedUploads(engine.url, bucket), 0)
  })

  t.test('what S3 refuses is said in words that help', async (t) => {
    const wire = await anHttpWire(t, access.endpoint)
    const { backend, names, write } = await inBucket(t, { endpoint: wire.origin })
    for (const [status, error, code, message] of [
      [400, 'ExpiredToken', 'UNAUTHENTICATED', /has expired .*S3__SESSION_TOKEN/],
      [403, 'AccessDenied', 'FORBIDDEN', /the credentials do not allow that/],
      [403, 'RequestTimeTooSkewed', 'UNAUTHENTICATED', /clock/],
      [400, 'AuthorizationHeaderMalformed', 'INVALID_SETTING', /S3__DEFAULT_REGION/],
      [418, 'Unheard', 'INVALID_QUERY', /418 Un/]
    ] as const) {
      wire.fate = () => ({
        status,
        body: `<?xml version="1.0"?><Error><Code>${error}</Code><Message>No</Message></Error>`
      })
      await t.rejects(names(), { name: 'RalphError', code, message })
      t.match(await backend.status(), { state: 'error', detail: message })
      await t.rejects(write(chunksOf('x'), { target: 'key' }), { code, message })
      await t.rejects(Promise.resolve(backend.delete?.('key', {})), { code, message })
    }
    wire.fate = () => ({ status: 200, body: '<html><body>Welcome</body>' })
    await t.rejects(names(), { name: 'RalphError', code: 'STORE_UNAVAILABLE' })
  })

  t.test('of two that write one name at once, one is refused, and its parts are gone', async (t) => {
    const { bucket, read, write } = await inBucket(t)
    for (const size of [1000, 20 * mebibyte]) {
      const target = `object of ${size}`
      const late = async function* () {
        yield* generated(size)
        await write(chunksOf('the other'), { target })
      }
      await t.rejects(write(late(), { target }), { code: 'ALREADY_THERE' })
      t.equal(String(await read(target)), 'the other')
    }
    t.equal(await unfinishedUploads(engine.url, bucket), 0)
  })

  t.test('a server that does not know conditions is written to all the same', async (t) => {
    const wire = await anHttpWire(t, access.endpoint)
    const { read, write } = await inBucket(t, { endpoint: wire.origin })
    wire.fate = ({ headers }) => (headers['if-none-match'] === undefined ? 'passes' : { status: 501 })
    for (const size of [10, 20 * mebibyte]) {
      const target = `object of ${size}`
      await write(generated(size), { target })
      t.equal((await read(target)).length, size)
      await t.rejects(write(chunksOf('x'), { target }), { code: 'ALREADY_THERE' })
    }
  })

  t.test('a large object takes little memory, in and out', async (t) => {
    const { backend, write } = await inBucket(t)
    const size = 300 * mebibyte
    await write(generated(20 * mebibyte), { target: 'warm' })
    const growth = await growthDuring(async () => {
      t.equal((await write(generated(size), { target: 'large' })).size, size)
      t.equal(await digestOf(backend.read?.('large', {}) ?? chunksOf()), await digestOf(generated(size)))
    })
    t.ok(growth < 60 * mebibyte, `grew by ${Math.round(growth / mebibyte)} MiB`)
  })
}
