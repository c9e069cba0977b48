import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { Upload, type UploadOptions } from 'tus-js-client'
import type { ImportRecord } from '../../src/contracts/imports.ts'
import { aPlace, as, authFile, linesOf, paddedStatements, sha256, start } from '../support/uploads.ts'

/** Sends with the client that everybody uses; gives the URL of the upload. */
const send = (url: string, bytes: Buffer, options: UploadOptions = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint: `${url}/api/upload`,
      headers: as('jane'),
      metadata: { filename: 'events.jsonl.gz' },
      retryDelays: null,
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ''),
      ...options
    })
    upload.start()
  })

/** One request of the protocol. */
const ask = (
  url: string,
  method: string,
  headers: Readonly<Record<string, string>> = {},
  body?: Uint8Array<ArrayBuffer>
) =>
  fetch(url, {
    method,
    headers: { ...as('jane'), 'tus-resumable': '1.0.0', ...headers },
    ...(body === undefined ? {} : { body })
  })

const create = async (url: string, length: number, headers: Readonly<Record<string, string>> = {}): Promise<string> => {
  const answer = await ask(`${url}/api/upload`, 'POST', { 'upload-length': String(length), ...headers })
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`)
  return new URL(answer.headers.get('location') ?? '', url).href
}

const patch = (
  upload: string,
  offset: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {}
) =>
  ask(
    upload,
    'PATCH',
    { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream', ...headers },
    new Uint8Array(Buffer.from(body))
  )

const offsetOf = async (upload: string): Promise<string | null> =>
  (await ask(upload, 'HEAD')).headers.get('upload-offset')

/** The import that an upload became, once it is done. */
const importOf = async (upload: string): Promise<ImportRecord> => {
  const { import: id } = (await (await ask(upload, 'GET')).json()) as { readonly import?: string }
  const until = Date.now() + 30_000
  for (;;) {
    const record = (await (await ask(new URL(`/imports/${id}`, upload).href, 'GET')).json()) as ImportRecord
    if (['DONE', 'FAILED', 'SKIPPED'].includes(record.status) || Date.now() > until) return record
    await wait(100)
  }
}

/** Looks until it is so, or for too long. */
const becomes = async (check: () => boolean): Promise<boolean> => {
  const until = Date.now() + 10_000
  while (!check() && Date.now() < until) await wait(50)
  return check()
}

t.test('an upload whose client and server are killed at 40 % goes on there, and becomes statements', async (t) => {
  const place = aPlace(t)
  // What does not compress makes it long.
  const statements = paddedStatements(1_350_000)
  const bytes = gzipSync(linesOf(statements))
  const server = await start(t, place)
  let stopped = 0
  const url = await new Promise<string>((resolve, reject) => {
    const upload: Upload = new Upload(bytes, {
      endpoint: `${server.url}/api/upload`,
      headers: as('jane'),
      metadata: { filename: 'events.jsonl.gz' },
      retryDelays: null,
      chunkSize: Math.ceil(bytes.length / 10),
      onError: reject,
      onChunkComplete: (_size, accepted) => {
        if (accepted < bytes.length * 0.4) return
        stopped = accepted
        void upload.abort().then(() => resolve(upload.url ?? ''))
      }
    })
    upload.start()
  })
  t.ok(stopped < bytes.length, `${stopped} of ${bytes.length} bytes`)
  await server.stop('SIGKILL')

  const again = await start(t, place)
  const uploadUrl = new URL(new URL(url).pathname, again.url).href
  const offset = Number(await offsetOf(uploadUrl))
  t.ok(offset >= stopped && offset < bytes.length, `${offset} bytes are there`)
  await send(again.url, bytes, { uploadUrl })
  const record = await importOf(uploadUrl)
  t.match(record, {
    status: 'DONE',
    source: { door: 'upload', user: 'jane' },
    filename: 'events.jsonl.gz',
    sha256: sha256(bytes),
    size: bytes.length,
    counts: { written: 300, rejected: 0 }
  })
  t.equal((await ask(uploadUrl, 'HEAD')).headers.get('ralph-import'), record.id, 'who asks later is told, too')
  const there = await fetch(`${again.url}/xAPI/statements?statementId=${statements[0]?.id}`, { headers: as('jane') })
  t.equal(there.status, 200)
  t.same(
    readdirSync(place.uploads).filter((name) => !/\.(json|lock|lock-journal)$/.test(name)),
    [],
    'its bytes are gone'
  )
})

t.test('one user cannot hold the room for uploads of all', async (t) => {
  const server = await start(t, aPlace(t, { RALPH_UPLOADMANAGER__MAX_UNFINISHED_PER_USER: '2' }))
  const endpoint = `${server.url}/api/upload`
  const first = await create(server.url, 10)
  await create(server.url, 10)
  const more = await ask(endpoint, 'POST', { 'upload-length': '10' })
  t.match(
    [more.status, await more.json()],
    [503, { setting: 'RALPH_UPLOADMANAGER__MAX_UNFINISHED_PER_USER', limit: 2 }]
  )
  t.equal((await ask(endpoint, 'POST', { 'upload-length': '10', ...as('john') })).status, 201, 'another user')
  t.equal((await ask(first, 'DELETE')).status, 204)
  await create(server.url, 10)
})

t.test('whoever may not is refused, and each mistake has its own answer', async (t) => {
  const server = await start(t, aPlace(t, { RALPH_IMPORTS_MAX_SIZE: '1MiB', RALPH_UPLOADMANAGER__MAX_UNFINISHED: '2' }))
  const endpoint = `${server.url}/api/upload`
  const length = { 'upload-length': '10' }
  t.equal((await fetch(endpoint, { method: 'POST', headers: length })).status, 401)
  t.equal((await ask(endpoint, 'POST', { ...length, ...as('paul') })).status, 403)
  t.equal((await ask(endpoint, 'POST', { 'upload-length': String(2 ** 21) })).status, 413)
  t.equal((await ask(endpoint, 'POST')).status, 400, 'no length')
  t.equal((await ask(endpoint, 'POST', { ...length, 'upload-metadata': 'filename ?' })).status, 400)
  const other = await ask(endpoint, 'POST', { ...length, 'tus-resumable': '0.2.2' })
  t.match([other.status, other.headers.get('tus-version')], [412, '1.0.0'])
  t.equal((await ask(endpoint, 'PUT')).status, 405)
  t.equal((await ask(`${endpoint}/..%2Fapp`, 'HEAD')).status, 404)
  t.equal((await ask(`${endpoint}/00000000-0000-4000-8000-000000000000`, 'HEAD')).status, 404)

  const upload = await create(server.url, 10)
  for (const method of ['HEAD', 'GET', 'DELETE']) {
    t.equal((await ask(upload, method, as('john'))).status, 404, `${method} of another's upload`)
  }
  t.equal((await patch(upload, 0, '12345', as('john'))).status, 404)
  t.equal((await patch(upload, 0, '12345')).status, 204)
  t.equal((await patch(upload, 0, '12345')).status, 409)
  t.equal((await patch(upload, 5, '123456')).status, 413)
  t.equal((await patch(upload, 5, '67', { 'upload-checksum': 'crc32 AAAA' })).status, 400)
  t.equal(await offsetOf(upload), '5')
  const checksum = (body: string) => `sha1 ${createHash('sha1').update(body).digest('base64')}`
  const corrupt = await patch(upload, 5, '67', { 'upload-checksum': checksum('76') })
  t.match([corrupt.status, await corrupt.json()], [460, { error: 'UPLOAD_CORRUPT' }])
  t.equal(await offsetOf(upload), '5', 'it is where it was')
  t.equal((await patch(upload, 5, '67', { 'upload-checksum': checksum('67') })).status, 204)
  t.equal(await offsetOf(upload), '7')

  await create(server.url, 10)
  const full = await ask(endpoint, 'POST', length)
  t.match([full.status, await full.json()], [503, { setting: 'RALPH_UPLOADMANAGER__MAX_UNFINISHED' }])
  t.equal((await ask(upload, 'DELETE')).status, 204)
  t.equal((await ask(upload, 'HEAD')).status, 404)

  const options = await fetch(endpoint, { method: 'OPTIONS' })
  t.match(options.headers.get('tus-extension'), /creation.*termination.*expiration.*checksum/)

  const broken = await create(server.url, 2 ** 20) // There is room again.
  const leaving = new AbortController()
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(1000)),
    pull: () => new Promise(() => {})
  })
  const headers = {
    'upload-offset': '0',
    'content-type': 'application/offset+octet-stream',
    'content-length': '1048576'
  }
  const sending = fetch(broken, {
    method: 'PATCH',
    headers: { ...as('jane'), 'tus-resumable': '1.0.0', ...headers },
    body,
    duplex: 'half',
    signal: leaving.signal
  })
  await wait(300)
  leaving.abort()
  await t.rejects(sending)
  t.equal(await offsetOf(broken), '1000', 'what came of a client that vanished is there')
})

t.test(
  'an upload expires after its last byte, not after its first, and is swept; one that is whole stays',
  async (t) => {
    const place = aPlace(t, { RALPH_UPLOADMANAGER__EXPIRATION: '1500ms', RALPH_UPLOADMANAGER__PURGE: '300ms' })
    const server = await start(t, place)
    const kept = await create(server.url, 4, { 'upload-metadata': `import ${Buffer.from('false').toString('base64')}` })
    t.equal((await patch(kept, 0, 'kept')).status, 204)
    const slow = await create(server.url, 5)
    const vanished = await create(server.url, 5)
    for (let offset = 0; offset < 4; offset += 1) {
      await wait(600)
      const { status, headers } = await patch(slow, offset, 'x')
      t.equal(status, 204, `byte ${offset} after ${(offset + 1) * 600} ms`)
      t.ok(Date.parse(headers.get('upload-expires') ?? '') > Date.now() - 1000)
    }
    t.match([404, 410].includes((await ask(vanished, 'HEAD')).status), true, 'nothing came of this one for 2.4 s')
    const there = (upload: string): boolean => readdirSync(place.uploads).some((name) => upload.endsWith(name))
    t.ok(await becomes(() => !there(vanished)), 'its bytes are gone')
    t.ok(await becomes(() => !there(slow)), 'and, when nothing more comes, those of the other')
    t.equal((await patch(slow, 4, 'x')).status, 404)
    t.match(await (await ask(kept, 'GET')).json(), { offset: 4, size: 4, filename: String })
    t.ok(there(kept), 'what is whole and not to be imported is kept until its owner deletes it')
  }
)

t.test('with unarchive: false an archive is taken for what it is, and is not unpacked', async (t) => {
  const server = await start(t, aPlace(t, { RALPH_UPLOADMANAGER__UNARCHIVE: 'false' }))
  const lines = linesOf(paddedStatements(9000))
  const packed = await send(server.url, gzipSync(lines))
  t.match(await importOf(packed), { status: 'SKIPPED', trouble: { code: 'UNSUPPORTED_CONTENT' } })
  const plain = await send(server.url, Buffer.from(lines), { metadata: { filename: 'events.jsonl' } })
  t.match(await importOf(plain), { status: 'DONE', counts: { written: 2 } })
})

t.test('on a full disk an upload is answered 507, and what came before stays', async (t) => {
  const server = await start(t, { ...aPlace(t), fileLimit: 4096 })
  const upload = await create(server.url, 6 * 2 ** 20)
  t.equal((await patch(upload, 0, randomBytes(2 ** 20))).status, 204)
  const full = await patch(upload, 2 ** 20, randomBytes(5 * 2 ** 20))
  t.match([full.status, await full.json()], [507, { error: 'STORE_FULL' }])
  const offset = Number(await offsetOf(upload))
  t.ok(offset >= 2 ** 20 && offset <= 4 * 2 ** 20, `${offset} bytes are there`)
  t.equal((await fetch(`${server.url}/xAPI/about`)).status, 200, 'the server goes on')
})

t.test('two servers do not work on one directory of uploads: the second says so, and takes none', async (t) => {
  const place = aPlace(t)
  await start(t, place)
  const env = { ...place.env, RALPH_APP_DIR: join(place.cwd, 'temp') }
  writeFileSync(join(place.cwd, 'temp', 'auth.json'), authFile)
  const second = await start(t, { ...place, env })
  const answer = await ask(`${second.url}/api/upload`, 'POST', { 'upload-length': '10' })
  t.match([answer.status, await answer.json()], [503, { error: 'STORE_IN_USE' }])
  t.match(await (await fetch(`${second.url}/__heartbeat__`)).json(), { uploads: 'degraded' })
})
