import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { openSwiftData, type SwiftDataOptions } from '../../src/backends/swift/data.ts'

import type { BytesBackend } from '../../src/contracts/data-backend.ts'
import { chunksOf, testBytesBackend } from '../contracts/data-backend.ts'
import { dataDefinition } from '../support/data-place.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { anHttpWire, type HttpFate } from '../support/http-wire.ts'
import { digestOf, generated, growthDuring, keptLog, objectsOf, silentAfter } from '../support/objects.ts'
import { aContainer, askSwift, enterSwift, namesIn, swiftAccessOf } from '../support/swift.ts'
import { swiftDefaults } from '../support/swift-defaults.ts'

const mebibyte = 2 ** 20

const engine = await engineFor('swift')
if ('missing' in engine) t.test('swift', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine
  const options = new WeakMap<BytesBackend, SwiftDataOptions>()

  const open = async (t: Test, more: Partial<SwiftDataOptions>): Promise<BytesBackend> => {
    const used = { ...swiftDefaults, ...swiftAccessOf(url), ...more }
    const backend = await openSwiftData(used)
    options.set(backend, used)
    t.teardown(() => backend.close())
    return backend
  }

  const inContainer = async (t: Test, more: Partial<SwiftDataOptions> = {}) => {
    const container = await aContainer(t, url)
    const backend = await open(t, { container, ...more })
    return { container, backend, ...objectsOf(backend) }
  }

  /** A wire to the storage; the identity service is reached without it. */
  const overWire = async (t: Test) => {
    const wire = await anHttpWire(t, swiftAccessOf(url).authUrl)
    const { storage } = await enterSwift(url)
    return { wire, objectStorageUrl: storage.replace(new URL(url).host, new URL(wire.origin).host) }
  }

  testBytesBackend(t, {
    definition: dataDefinition('swift'),
    open: async (t) => open(t, { container: await aContainer(t, url) }),
    reopen: (t, backend) => open(t, options.get(backend) ?? {})
  })

  t.test('every page of a list is read, whatever the names', async (t) => {
    const { backend, container, names, read, write } = await inContainer(t, { pageSize: 2 })
    const all = ['a', 'b+c', 'deep/../e', 'deep/d', 'ü ?#%+&.txt']
    for (const name of all) await write(chunksOf(name), { target: `${container}/${name}` })
    t.same((await names()).sort(), [...all].sort())
    for (const name of all) {
      t.equal(String(await read(name)), name)
      t.same(await backend.delete?.(name, {}), { deleted: 1 })
    }
    t.same(await names(), [])
  })

  t.test('details are those of Ralph and more, with times as ISO 8601', async (t) => {
    const { listed, write } = await inContainer(t)
    await write(chunksOf('12345'), { target: 'five' })
    const details = { name: 'five', size: 5, lastModified: /^\d{4}-.+Z$/, hash: /^[0-9a-f]{32}$/ }
    t.match(await listed(), [{ details }])
  })

  t.test('a target is a container and a name, a name in the default container, or a container', async (t) => {
    const { container, backend, names, read, write } = await inContainer(t)
    const other = await aContainer(t, url)
    t.match(await write(chunksOf('1'), { target: `${other}/deep/one` }), { historyId: `${other}/deep/one` })
    t.match(await write(chunksOf('2'), { target: 'flat' }), { historyId: `${container}/flat` })
    t.match((await write(chunksOf('3'), { target: `${other}/` })).historyId, new RegExp(`^${other}/\\d{4}-`))
    t.same(await names(), ['flat'])
    t.equal((await names({ target: other })).length, 2)
    t.equal(String(await read('deep/one', { target: other })), '1')
    await t.rejects(read('deep/one'), { code: 'NOT_FOUND' })
    t.same(await backend.delete?.('deep/one', { target: other }), { deleted: 1 })
  })

  t.test('the URL of the storage overrides the catalogue, and may name the container', async (t) => {
    const container = await aContainer(t, url)
    const { storage } = await enterSwift(url)
    const named = objectsOf(await open(t, { objectStorageUrl: `${storage}/${container}`, regionName: 'Nowhere' }))
    t.match(await named.write(chunksOf('x'), { target: 'it' }), { historyId: `${container}/it` })
    const both = objectsOf(await open(t, { objectStorageUrl: `${storage}/${container}`, container }))
    t.same(await both.names(), ['it'])
    const account = objectsOf(await open(t, { objectStorageUrl: storage, container }))
    t.same(await account.names(), ['it'])
    await t.rejects(open(t, { objectStorageUrl: `${storage}/${container}`, container: 'other' }), {
      code: 'INVALID_SETTING',
      message: /DEFAULT_CONTAINER is other/
    })
  })

  t.test(
    'the region picks the endpoint, and one that is not in the catalogue is refused with those that are',
    async (t) => {
      const container = await aContainer(t, url)
      t.same(await (await open(t, { container, regionName: 'RegionOne' })).status(), { state: 'ok' })
      t.match(await (await open(t, { container, regionName: 'Elsewhere' })).status(), {
        state: 'away',
        detail: /:9 is unreachable/
      })
      t.match(await (await open(t, { container, regionName: 'Mars' })).status(), {
        state: 'error',
        detail: /region Mars: .*RegionOne/
      })
    }
  )

  t.test('the identity service is spoken to in versions 3, 2 and 1, with a name or an id of the tenant', async (t) => {
    const { names, write, container } = await inContainer(t)
    await write(chunksOf('x'), { target: 'it' })
    t.same(await names(), ['it'])
    const tenantId = /AUTH_(.+)$/.exec((await enterSwift(url)).storage)?.[1]
    const { authUrl } = swiftAccessOf(url)
    for (const more of [
      { tenantId, tenantName: undefined },
      { authUrl: `${authUrl}/v3` },
      { identityApiVersion: '2' },
      { identityApiVersion: '2.0', authUrl: `${authUrl}/v2.0`, tenantId, tenantName: undefined }
    ] as const) {
      t.same(await objectsOf(await open(t, { container, ...more })).names(), ['it'], JSON.stringify(more))
    }
    const tempauth = { identityApiVersion: '1', authUrl: `${authUrl}/auth/v1.0`, password: 'testing' } as const
    for (const who of [{ username: 'test:tester' }, { username: 'tester', tenantName: 'test' }]) {
      const backend = await open(t, { ...tempauth, ...who, container: 'nothing-there' })
      t.match(await backend.status(), { state: 'error', detail: /^container nothing-there does not exist/ })
    }
    const wrong = await open(t, { ...tempauth, username: 'test:tester', password: 'wrong', container })
    t.match(await wrong.status(), { state: 'error', detail: /rejects the credentials/ })
  })

  t.test('wrong credentials are named, and never shown', async (t) => {
    const container = await aContainer(t, url)
    for (const wrong of [
      { password: 'wrong-secret' },
      { username: 'somebody' },
      { userDomainName: 'None' },
      { tenantName: 'none' }
    ]) {
      for (const identityApiVersion of ['3', '2'] as const) {
        if ('userDomainName' in wrong && identityApiVersion === '2') continue
        const backend = await open(t, { container, identityApiVersion, ...wrong })
        await t.rejects(objectsOf(backend).names(), { code: 'UNAUTHENTICATED', message: /SWIFT__PASSWORD/ })
        t.notMatch(JSON.stringify(await backend.status()), /-secret/)
      }
    }
    const none = await open(t, { container, username: undefined, password: undefined })
    const lacking = { code: 'UNAUTHENTICATED', message: /set \S+__SWIFT__USERNAME and \S+__SWIFT__PASSWORD/ }
    await t.rejects(objectsOf(none).names(), lacking)
  })

  t.test('a user without rights is told so', async (t) => {
    const container = await aContainer(t, url)
    const reader = await open(t, { container, username: 'reader' })
    await t.rejects(objectsOf(reader).names(), { code: 'FORBIDDEN' })
    t.match(await reader.status(), { state: 'error', detail: /may not/ })
  })

  t.test('a container that is not there is named', async (t) => {
    const backend = await open(t, { container: 'nowhere', segmentSize: mebibyte })
    const { names, read, write } = objectsOf(backend)
    await t.rejects(names(), { code: 'NOT_FOUND', message: /^container nowhere does not exist/ })
    await t.rejects(read('it'), { code: 'NOT_FOUND' })
    await t.rejects(write(chunksOf('x'), { target: 'it' }), { code: 'NOT_FOUND' })
    await t.rejects(write(generated(3 * mebibyte), { target: 'it' }), {
      code: 'NOT_FOUND',
      message: /container nowhere/
    })
    t.match(await backend.status(), { state: 'error', detail: /^container nowhere does not exist/ })
    const unnamed = await open(t, {})
    await t.rejects(objectsOf(unnamed).names(), { code: 'INVALID_SETTING', message: /SWIFT__DEFAULT_CONTAINER/ })
  })

  t.test('a token is used again, and renewed when it is revoked', async (t) => {
    const identity = await anHttpWire(t, swiftAccessOf(url).authUrl)
    const { wire, objectStorageUrl } = await overWire(t)
    const { names, read, write } = await inContainer(t, {
      authUrl: identity.origin,
      objectStorageUrl,
      segmentSize: mebibyte
    })
    await write(chunksOf('x'), { target: 'it' })
    t.same(await names(), ['it'])
    t.equal(identity.requests.length, 1)
    const revoke = async (): Promise<void> => {
      const token = String(wire.requests.at(-1)?.headers['x-auth-token'])
      const headers = { 'x-auth-token': token, 'x-subject-token': token }
      const answer = await fetch(`${swiftAccessOf(url).authUrl}/v3/auth/tokens`, { method: 'DELETE', headers })
      t.equal(answer.status, 204)
    }
    await revoke()
    t.equal(String(await read('it')), 'x')
    t.equal(identity.requests.length, 2)
    const revoking = async function* () {
      yield* generated(mebibyte)
      yield* generated(mebibyte)
      await revoke()
      yield* generated(mebibyte)
    }
    t.equal((await write(revoking(), { target: 'large' })).size, 3 * mebibyte)
    t.equal(identity.requests.length, 3)
    t.equal((await read('large')).length, 3 * mebibyte)
  })

  t.test('a token that is about to expire is renewed before it is used', async (t) => {
    const identity = await anHttpWire(t, swiftAccessOf(url).authUrl)
    let ahead = 0
    const { names } = await inContainer(t, { authUrl: identity.origin, clock: () => (Date.now() + ahead) * 1000 })
    await names()
    await names()
    t.equal(identity.requests.length, 1)
    ahead = 3_600_000 * 24
    await names()
    t.equal(identity.requests.length, 2)
  })

  t.test('a download that breaks goes on where it broke', async (t) => {
    const { wire, objectStorageUrl } = await overWire(t)
    const { container, read, write } = await inContainer(t, { objectStorageUrl, segmentSize: mebibyte })
    for (const size of [900_000, 3_000_000]) {
      const target = `${container}/of ${size}`
      const content = randomBytes(size)
      await write(chunksOf(content), { target })
      wire.requests.length = 0
      wire.fate = ({ method }) => (method === 'GET' && wire.requests.length < 3 ? { cutAfter: 300_000 } : 'passes')
      t.ok((await read(`of ${size}`)).equals(content))
      const [first, second, third, ...others] = wire.requests
      t.equal(others.length, 0)
      t.notOk(first?.headers.range)
      for (const each of [second, third]) t.match(each?.headers, { range: /^bytes=[1-9]\d*-$/, 'if-match': /^"/ })
      wire.fate = () => 'passes'
    }
  })

  for (const [event, change] of [
    [
      'changed',
      (backend: BytesBackend) => objectsOf(backend).write(chunksOf('other'), { target: 'it', operation: 'update' })
    ],
    ['deleted', (backend: BytesBackend) => backend.delete?.('it', {})]
  ] as const) {
    t.test(`an object that is ${event} while it is read is not taken for whole`, async (t) => {
      const { wire, objectStorageUrl } = await overWire(t)
      const { backend, container, read, write } = await inContainer(t)
      await write(chunksOf(randomBytes(3_000_000)), { target: 'it' })
      const reader = objectsOf(await open(t, { container, objectStorageUrl }))
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

  t.test('requests that are lost, refused for now or not answered are sent again', async (t) => {
    const { wire, objectStorageUrl } = await overWire(t)
    const { read, write } = await inContainer(t, { objectStorageUrl, segmentSize: mebibyte })
    const content = randomBytes(3 * mebibyte)
    for (const fate of ['is lost', 'is not answered', { status: 503 }] as const satisfies HttpFate[]) {
      for (const [size, name] of [
        [1000, 'small'],
        [content.length, 'large']
      ] as const) {
        const hit = new Set<string>()
        wire.fate = ({ method, path, headers }) => {
          const kind = `${method} ${path}`
          // Bytes that are there once cannot be sent twice.
          if (headers['transfer-encoding'] === 'chunked' || hit.has(kind)) return 'passes'
          hit.add(kind)
          return fate
        }
        const target = `${name} ${JSON.stringify(fate)}`
        t.equal((await write(chunksOf(content.subarray(0, size)), { target })).size, size)
        t.ok((await read(target)).equals(content.subarray(0, size)), target)
        t.ok(hit.size > 1)
      }
    }
  })

  t.test('only what is larger than a segment is kept in segments', async (t) => {
    const segmentSize = 9 * mebibyte
    const { container, listed, read, write } = await inContainer(t, { segmentSize })
    for (const size of [0, 1, 8 * mebibyte, 8 * mebibyte + 1, segmentSize, segmentSize + 1, 3 * segmentSize]) {
      const target = `of ${size}`
      t.equal((await write(generated(size), { target })).size, size)
      const head = await askSwift(url, 'HEAD', `/${container}/${encodeURIComponent(target)}`)
      t.equal(head.headers.get('x-static-large-object'), size > segmentSize ? 'True' : null, target)
      t.equal(
        await digestOf(
          (async function* () {
            yield await read(target)
          })()
        ),
        await digestOf(generated(size))
      )
    }
    for (const { details } of await listed()) t.equal(details.size, Number(String(details.name).slice(3)))
    t.equal((await namesIn(url, `${container}_segments`))?.length, 5)
  })

  t.test('an object of segments is deleted with them', async (t) => {
    const { backend, container, names, write } = await inContainer(t, { segmentSize: mebibyte })
    await write(generated(5 * mebibyte), { target: 'large' })
    t.equal((await namesIn(url, `${container}_segments`))?.length, 5)
    t.same(await backend.delete?.('large', {}), { deleted: 1 })
    t.same(await names(), [])
    t.same(await namesIn(url, `${container}_segments`), [])
  })

  t.test('segments go when another object takes the place of theirs', async (t) => {
    const { container, read, write } = await inContainer(t, { segmentSize: mebibyte })
    const count = async () => (await namesIn(url, `${container}_segments`))?.length
    await write(generated(5 * mebibyte), { target: 'it' })
    t.equal(await count(), 5)
    await write(generated(3 * mebibyte), { target: 'it', operation: 'update' })
    t.equal(await count(), 3)
    t.equal((await read('it')).length, 3 * mebibyte)
    await write(chunksOf('small'), { target: 'it', operation: 'update' })
    t.equal(await count(), 0)
    t.equal(String(await read('it')), 'small')
  })

  t.test('an upload whose source fails, or that is stopped, leaves nothing', async (t) => {
    for (const segmentSize of [mebibyte, 2 ** 32]) {
      const { container, names, write } = await inContainer(t, { segmentSize })
      const broken = async function* () {
        yield* generated(10.5 * mebibyte)
        throw new Error('the source failed')
      }
      await t.rejects(write(broken(), { target: 'half' }), { message: 'the source failed' })
      const stop = new AbortController()
      const stopped = async function* () {
        yield* generated(10.5 * mebibyte)
        stop.abort(new Error('stopped'))
        yield* generated(10.5 * mebibyte)
      }
      await t.rejects(write(stopped(), { target: 'half', signal: stop.signal }), { message: 'stopped' })
      for (const size of [10, 10.5 * mebibyte]) {
        const silent = new AbortController()
        const source = silentAfter(size, () => silent.abort(new Error('it is silent')))
        await t.rejects(write(source, { target: 'half', signal: silent.signal }), { message: 'it is silent' })
      }
      t.same(await names(), [])
      t.same(await namesIn(url, `${container}_segments`), [])
    }
  })

  t.test('of two that write one name at once, one is refused, and its segments are gone', async (t) => {
    const { container, read, write } = await inContainer(t, { segmentSize: 9 * mebibyte })
    for (const size of [1000, 8.5 * mebibyte, 20 * mebibyte]) {
      const target = `object of ${size}`
      const late = async function* () {
        yield* generated(size)
        await write(chunksOf('the other'), { target })
      }
      await t.rejects(write(late(), { target }), { code: 'ALREADY_THERE' })
      t.equal(String(await read(target)), 'the other')
    }
    t.same(await namesIn(url, `${container}_segments`), [])
  })

  t.test('when nobody can say whether the manifest was written, the segments stay', async (t) => {
    const { wire, objectStorageUrl } = await overWire(t)
    const log = keptLog()
    const { container, read, write } = await inContainer(t, { objectStorageUrl, segmentSize: mebibyte, log })
    let isCut = false
    wire.fate = ({ path }) => {
      if (path.includes('multipart-manifest=put')) {
        isCut = true
        return 'is not answered'
      }
      return isCut ? 'is lost' : 'passes'
    }
    await t.rejects(write(generated(2.5 * mebibyte), { target: 'it' }), { code: 'STORE_UNAVAILABLE' })
    t.match(log.said, [/is unknown whether .* its segments stay/])
    wire.fate = () => 'passes'
    t.equal((await read('it')).length, 2.5 * mebibyte)
    t.equal((await namesIn(url, `${container}_segments`))?.length, 3)
  })

  t.test('who may write to one container only writes what needs no segments', async (t) => {
    const { wire, objectStorageUrl } = await overWire(t)
    const { container, names, read, write } = await inContainer(t, { objectStorageUrl, segmentSize: 10 * mebibyte })
    wire.fate = ({ path }) => (path.includes('_segments') ? { status: 403 } : 'passes')
    await write(generated(9 * mebibyte), { target: 'fits' })
    t.equal((await read('fits')).length, 9 * mebibyte)
    const forbidden = { code: 'FORBIDDEN', message: new RegExp(`${container}_segments must be created`) }
    await t.rejects(write(generated(11 * mebibyte), { target: 'does not' }), forbidden)
    t.same(await names(), ['fits'])
  })

  t.test('what was stored encoded is read as it was stored', async (t) => {
    const { container, read } = await inContainer(t)
    const headers = { 'content-encoding': 'gzip' }
    await askSwift(url, 'PUT', `/${container}/encoded`, { headers, body: 'not gzip at all' })
    t.equal(String(await read('encoded')), 'not gzip at all')
  })

  t.test('a large object takes little memory, in and out', async (t) => {
    const { backend, write } = await inContainer(t, { segmentSize: 100 * mebibyte })
    const size = 300 * mebibyte
    await write(generated(20 * mebibyte), { target: 'warm' })
    const growth = await growthDuring(async () => {
      t.equal((await write(generated(size), { target: 'large' })).size, size)
      t.equal(await digestOf(backend.read?.('large', {}) ?? chunksOf()), await digestOf(generated(size)))
    })
    t.ok(growth < 60 * mebibyte, `grew by ${Math.round(growth / mebibyte)} MiB`)
  })
}
