import { createHash, randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { signatureOf } from '../../src/backends/ldp/api.ts'
import { openLdpData } from '../../src/backends/ldp/data.ts'
import { endpoints } from '../../src/backends/ldp/endpoints.ts'
import { ldpParameters } from '../../src/backends/ldp/settings.ts'
import type { BytesBackend, Listed, MovedObject, ReadOptions } from '../../src/contracts/data-backend.ts'
import { aFreePort } from '../support/answering.ts'
import { dataDefinition, openData } from '../support/data-place.ts'
import { type Archive, allRights, type Ovh, startOvh } from '../support/ovh.ts'

const service = 'ldp-xx-12345'
const stream = '77ec6e4a-ac15-4bcf-8043-7429bf275e49'
const base = `/dbaas/logs/${service}/output/graylog/stream/${stream}/archive`
const ids = ['5d49d1b3-a3eb-498c-9039-6a482166f888', '9fb75957-2cde-435e-bdd9-6dfd33663f2c'] as const

const anArchive = (id: string, more: Partial<Archive> = {}): Archive => ({
  id,
  filename: '2026-06-16.gz',
  content: randomBytes(1_000_000),
  ...more
})

const open = async (
  t: Test,
  ovh: Ovh,
  settings: Readonly<Record<string, string>> = {},
  said: { lines: string[] } = { lines: [] }
): Promise<BytesBackend> => {
  const all = { ENDPOINT: ovh.endpoint, ...ovh.keys, SERVICE_NAME: service, DEFAULT_STREAM_ID: stream, ...settings }
  const backend = await openData(t, 'ldp', all, said)
  if (backend.moves !== 'bytes') throw new Error('archives are bytes')
  return backend
}

/** One stream of these archives, and a backend on it. */
const withArchives = async (t: Test, ...archives: readonly Archive[]) => {
  const ovh = await startOvh(t, { [service]: { [stream]: archives } })
  const said = { lines: [] as string[] }
  return { ovh, said, backend: await open(t, ovh, {}, said) }
}

const read = async (backend: BytesBackend, id: string | undefined, options: ReadOptions = {}): Promise<Buffer> => {
  const all: Uint8Array[] = []
  for await (const chunk of backend.read?.(id, options) ?? []) all.push(chunk)
  return Buffer.concat(all)
}

const list = async (backend: BytesBackend, options: { target?: string; details?: boolean } = {}): Promise<Listed[]> => {
  const all: Listed[] = []
  for await (const listed of backend.list?.(options) ?? []) all.push(listed)
  return all
}

t.test('archives are listed with all that the API says of them', async (t) => {
  const { ovh, backend } = await withArchives(t, anArchive(ids[0]), anArchive(ids[1], { retrievalDelay: 600 }))
  t.same(await backend.status(), { state: 'ok' })
  const all = await list(backend)
  t.match(all, [
    { id: ids[0], historyId: `${stream}/${ids[0]}`, details: { retrievalState: 'unsealed', size: 1_000_000 } },
    { id: ids[1], historyId: `${stream}/${ids[1]}`, details: { retrievalState: 'sealed', retrievalDelay: 600 } }
  ])
  t.match(all[0]?.details, {
    archiveId: ids[0],
    filename: '2026-06-16.gz',
    sha256: /^[0-9a-f]{64}$/,
    md5: /./,
    createdAt: /./
  })
  ovh.asked.length = 0
  t.same(
    (await list(backend, { details: false })).map(({ id }) => id),
    ids
  )
  t.same(ovh.asked, [`GET ${base}`], 'ids alone cost one request')
})

t.test('an archive is read from a temporary link, and told to the history as Ralph does', async (t) => {
  const archive = anArchive(ids[0])
  const { ovh, backend } = await withArchives(t, archive)
  const moved: MovedObject[] = []
  const totals: unknown[] = []
  const options = { onObject: (each: MovedObject) => moved.push(each), onTotal: (each: unknown) => totals.push(each) }
  t.ok((await read(backend, ids[0], options)).equals(archive.content))
  t.same(moved, [{ historyId: `${stream}/${ids[0]}`, size: 1_000_000, details: { filename: '2026-06-16.gz' } }])
  t.same(totals, [{ bytes: 1_000_000 }])
  t.same(ovh.asked, ['GET /auth/time', `GET ${base}/${ids[0]}`, `POST ${base}/${ids[0]}/url`, 'GET /storage'])
  for await (const chunk of backend.read?.(ids[0], { chunkSize: 1000 }) ?? []) {
    if (chunk.length > 1000) t.fail('a chunk is larger than it may be')
  }
  await t.rejects(read(backend, undefined), { code: 'INVALID_QUERY' })
  await t.rejects(read(backend, 'nothing'), { code: 'NOT_FOUND', message: /404 to GET .*archive\/nothing/ })
})

t.test('the target is the stream, for the link as well', async (t) => {
  const archive = anArchive(ids[0], { content: Buffer.from('other') })
  const ovh = await startOvh(t, { [service]: { [stream]: [], other: [archive] } })
  const backend = await open(t, ovh)
  t.same(await list(backend), [])
  t.match(await list(backend, { target: 'other' }), [{ historyId: `other/${ids[0]}` }])
  t.equal(String(await read(backend, ids[0], { target: 'other' })), 'other')
  await t.rejects(list(backend, { target: 'nothing' }), { code: 'NOT_FOUND' })
})

t.test('an archive in cold storage is waited for, which the log says', async (t) => {
  const archive = anArchive(ids[0], { retrievalDelay: 1 })
  const { ovh, backend, said } = await withArchives(t, archive)
  const begun = performance.now()
  t.ok((await read(backend, ids[0])).equals(archive.content))
  t.ok(performance.now() - begun >= 1000)
  t.match(said.lines, [/is brought from cold storage: about \d+ s to go/])
  t.equal(ovh.asked.filter((each) => each === 'GET /storage').length, 2, 'it was not asked for in between')
})

t.test('waiting for it is bounded and can be stopped', async (t) => {
  const { ovh, backend } = await withArchives(t, anArchive(ids[0], { retrievalDelay: 600 }))
  const impatient = await open(t, ovh, { UNSEAL_TIMEOUT: '60' })
  await t.rejects(read(impatient, ids[0]), {
    code: 'STORE_UNAVAILABLE',
    message: /can be read in about 10 min: come back then, or raise UNSEAL_TIMEOUT \(60 s\)/
  })
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('enough')), 50)
  await t.rejects(read(backend, ids[0], { signal: stop.signal }), { message: 'enough' })
})

for (const heedsRanges of [true, false]) {
  t.test(`a download goes on where its connection broke, ${heedsRanges ? 'with' : 'without'} ranges`, async (t) => {
    const archive = anArchive(ids[0])
    const { ovh, backend } = await withArchives(t, archive)
    ovh.state.storage.heedsRanges = heedsRanges
    ovh.state.storage.breakAfter = 400_000
    if (heedsRanges) {
      t.ok((await read(backend, ids[0])).equals(archive.content))
      t.same(
        ovh.asked.filter((each) => each.startsWith('GET /storage')),
        ['GET /storage', 'GET /storage bytes=400000-', 'GET /storage bytes=800000-']
      )
      return
    }
    let size = 0
    const parts: Uint8Array[] = []
    for await (const chunk of backend.read?.(ids[0], {}) ?? []) {
      parts.push(chunk)
      size += chunk.length
      if (size >= 400_000) ovh.state.storage.breakAfter = Number.POSITIVE_INFINITY
    }
    t.ok(Buffer.concat(parts).equals(archive.content))
  })
}

t.test('a link that has expired is replaced; one that never led anywhere is an error', async (t) => {
  const archive = anArchive(ids[0])
  const { ovh, backend } = await withArchives(t, archive)
  ovh.state.storage.breakAfter = 600_000
  ovh.state.storage.usesPerLink = 1
  t.ok((await read(backend, ids[0])).equals(archive.content))
  t.equal(ovh.asked.filter((each) => each.startsWith('POST')).length, 2)
  ovh.state.storage.usesPerLink = 0
  await t.rejects(read(backend, ids[0]), { code: 'NOT_FOUND', message: /answered 403 to the link/ })
})

t.test('what arrives otherwise than the API says is an error, and not told to the history', async (t) => {
  const { ovh, backend } = await withArchives(
    t,
    anArchive(ids[0]),
    anArchive(ids[1], { details: { sha256: null, md5: createHash('md5').digest('hex') } })
  )
  ovh.state.storage.change = (bytes) => {
    bytes[7] = 255 - (bytes[7] ?? 0)
    return bytes
  }
  const moved: MovedObject[] = []
  const onObject = (each: MovedObject): void => {
    moved.push(each)
  }
  await t.rejects(read(backend, ids[0], { onObject }), { code: 'STORE_CORRUPT', message: /its sha256 is/ })
  await t.rejects(read(backend, ids[1], { onObject }), { code: 'STORE_CORRUPT', message: /its md5 is/ })
  ovh.state.storage.change = (bytes) => Buffer.concat([bytes, Buffer.from('more')])
  await t.rejects(read(backend, ids[0], { onObject }), {
    code: 'STORE_CORRUPT',
    message: /1000004 bytes in place of 1000000/
  })
  const errors: Error[] = []
  await read(backend, ids[0], { onObject, onError: (error) => errors.push(error) })
  t.match(errors, [{ code: 'STORE_CORRUPT' }])
  t.same(moved, [])
})

t.test('a token that may only GET lists; reading says which right is missing', async (t) => {
  const { ovh, backend } = await withArchives(t, anArchive(ids[0]))
  ovh.state.rights = [{ method: 'GET', path: '/dbaas/logs/*' }]
  t.equal((await list(backend)).length, 1)
  const reading = read(backend, ids[0])
  await t.rejects(reading, {
    code: 'FORBIDDEN',
    message:
      /lacks the right POST \/dbaas\/logs\/\*\/output\/graylog\/stream\/\*\/archive\/\*\/url: make one that has it at .*\/createToken\//
  })
  ovh.state.rights = allRights.slice(0, 2)
  t.match(await backend.status(), {
    state: 'error',
    detail: /the right GET \/dbaas\/logs\/\*\/output\/graylog\/stream\/\*\/archive: /
  })
})

t.test('keys that are wrong or expired are told apart, and never shown', async (t) => {
  const { ovh, backend } = await withArchives(t, anArchive(ids[0]))
  for (const [key, reason] of [
    ['APPLICATION_KEY', /application key is not known/],
    ['APPLICATION_SECRET', /application secret is wrong/],
    ['CONSUMER_KEY', /consumer key is not valid/]
  ] as const) {
    const wrong = await open(t, ovh, { [key]: 'wrong-key' })
    const error: unknown = await list(wrong).catch((failure) => failure)
    t.match(error, { code: 'UNAUTHENTICATED', message: reason })
    t.notMatch(String(error), /wrong-key|as-secret|ck-secret/)
  }
  ovh.state.expired = true
  await t.rejects(list(backend), { code: 'UNAUTHENTICATED', message: /or has expired/ })
})

t.test('requests are signed by the clock of the API, also after that was set', async (t) => {
  const { ovh, backend } = await withArchives(t, anArchive(ids[0]))
  ovh.state.clockAhead = 7200
  t.equal((await list(backend)).length, 1)
  ovh.state.clockAhead = -7200
  t.equal((await list(backend)).length, 1)
  t.equal(ovh.asked.filter((each) => each === 'GET /auth/time').length, 2)
  const keys = { applicationKey: 'a', applicationSecret: 's', consumerKey: 'c' }
  t.equal(
    signatureOf(keys, 'GET', 'https://eu.api.ovh.com/1.0/me', '', 1),
    `$1$${createHash('sha1').update('s+c+GET+https://eu.api.ovh.com/1.0/me++1').digest('hex')}`
  )
})

t.test('everything that is missing is named at once, before any request', async (t) => {
  const backend = await openData(t, 'ldp', { DEFAULT_STREAM_ID: stream })
  t.match(await backend.status(), {
    state: 'error',
    detail: /LDP__APPLICATION_KEY, .*APPLICATION_SECRET, .*CONSUMER_KEY, .*LDP__SERVICE_NAME: not set/
  })
  const gone = await openData(t, 'ldp', {
    ENDPOINT: `http://127.0.0.1:${await aFreePort()}/1.0`,
    APPLICATION_KEY: 'x',
    APPLICATION_SECRET: 'x',
    CONSUMER_KEY: 'x',
    SERVICE_NAME: 'x'
  })
  t.match(await gone.status(), { state: 'error', detail: /__DEFAULT_STREAM_ID: not set/ })
})

t.test('an API that fails for a moment is asked again, and given up at some time', async (t) => {
  const { ovh } = await withArchives(t, anArchive(ids[0]))
  const said: string[] = []
  const say = (message: string): void => {
    said.push(message)
  }
  const backend = await openLdpData({
    endpoint: ovh.endpoint,
    applicationKey: ovh.keys.APPLICATION_KEY,
    applicationSecret: ovh.keys.APPLICATION_SECRET,
    consumerKey: ovh.keys.CONSUMER_KEY,
    serviceName: service,
    streamId: stream,
    requestTimeout: 5,
    unsealTimeout: 0,
    clock: () => Date.now() * 1000,
    log: { debug: say, info: say, warn: say, error: say },
    retries: { attempts: 3, firstPause: 1, longestPause: 2 }
  })
  t.teardown(() => backend.close())
  ovh.state.failures = [{ status: 503 }, { status: 429, headers: { 'retry-after': '0' } }]
  t.equal((await list(backend, { details: false })).length, 1)
  t.equal(said.length, 2)
  ovh.state.failures = Array.from({ length: 3 }, () => ({ status: 502 }))
  await t.rejects(list(backend), { code: 'STORE_UNAVAILABLE', message: /answered 502/ })
  ovh.state.failures = [{ status: 200 }]
  await t.rejects(list(backend), { message: /answered no JSON/ })
})

t.test('it is read-only, and knows all endpoints by their names', async (t) => {
  t.same(dataDefinition('ldp').capabilities.write, [])
  t.equal((await withArchives(t)).backend.write, undefined)
  t.equal(endpoints.size, 7)
  const { kind } = ldpParameters.endpoint
  for (const [name, url] of endpoints) t.equal(kind.parse(name), url)
  for (const wrong of ['ovh', 'ftp://x', 'https://user:pass@api.example.org/1.0']) t.equal(kind.parse(wrong), undefined)
})
