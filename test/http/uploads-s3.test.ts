import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import t from 'tap'
import { openS3Data } from '../../src/backends/s3/data.ts'
import { loadUploads } from '../../src/settings/load.ts'
import { parseChunkChecksum } from '../../src/uploads/checksum.ts'
import { objectTarget } from '../../src/uploads/object-target.ts'
import { openRecords } from '../../src/uploads/records.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { keptLog } from '../support/objects.ts'
import { aBucket, s3AccessOf, s3ClientOf } from '../support/s3.ts'
import { sourcesOf } from '../support/settings-of.ts'
import { aPlace, as, linesOf, sha256, start, statementsOf } from '../support/uploads.ts'

t.test('a target names a bucket, on a server of its own or on that of the backend s3', async (t) => {
  const read = (target: string) => loadUploads(sourcesOf({ environment: { RALPH_UPLOADMANAGER__TARGET: target } }))
  t.match(read('s3://website.com/bucket_name').bucket, {
    bucket: 'bucket_name',
    prefix: '',
    access: { endpoint: 'https://website.com' }
  })
  t.same(read('s3://bucket').bucket, { bucket: 'bucket', prefix: '', access: {} })
  t.match(read('s3::http://127.0.0.1:9000/bucket/a/b').bucket, {
    bucket: 'bucket',
    prefix: 'a/b/',
    access: { endpoint: 'http://127.0.0.1:9000' }
  })
  t.equal(read('/var/lib/uploads').bucket, undefined)
  for (const wrong of ['s3://', 's3::http://host', 'http://host/bucket', 's3://host/bucket?a=b', 's3://host/%zz']) {
    t.throws(() => read(wrong), { code: 'INVALID_SETTING', message: /s3:\/\/BUCKET/ }, wrong)
  }
})

const engine = await engineFor('s3')
const skip = 'missing' in engine ? engine.missing : false

const keysOf = async (url: string, Bucket: string): Promise<readonly string[]> => {
  const client = s3ClientOf(url)
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
  client.destroy()
  return Contents.map(({ Key = '' }) => Key)
}

t.test('an upload to a bucket goes on after a kill, is verified, and becomes an import', { skip }, async (t) => {
  if ('missing' in engine) return
  const bucket = await aBucket(t, engine.url)
  const { endpoint, accessKeyId, secretAccessKey } = s3AccessOf(engine.url)
  const place = aPlace(t, {
    RALPH_UPLOADMANAGER__TARGET: `s3::${endpoint}/${bucket}/incoming`,
    RALPH_UPLOADMANAGER__S3_ACCESS_KEY_ID: accessKeyId,
    RALPH_UPLOADMANAGER__S3_SECRET_ACCESS_KEY: secretAccessKey
  })
  const bytes = gzipSync(linesOf(statementsOf(300)))
  const third = Math.ceil(bytes.length / 3)
  const tus = { ...as('jane'), 'tus-resumable': '1.0.0' }
  const patch = (url: string, offset: number, end: number, more: Readonly<Record<string, string>> = {}) =>
    fetch(url, {
      method: 'PATCH',
      headers: { ...tus, 'upload-offset': `${offset}`, 'content-type': 'application/offset+octet-stream', ...more },
      body: new Uint8Array(bytes.subarray(offset, end))
    })

  const first = await start(t, place)
  const metadata = `filename ${btoa('events.jsonl.gz')},sha256 ${btoa(sha256(bytes))}`
  const made = await fetch(`${first.url}/api/upload`, {
    method: 'POST',
    headers: { ...tus, 'upload-length': `${bytes.length}`, 'upload-metadata': metadata }
  })
  t.equal(made.status, 201)
  const path = made.headers.get('location') ?? ''
  t.equal((await patch(new URL(path, first.url).href, 0, third)).status, 204)
  const id = path.split('/').at(-1)
  t.same(await keysOf(engine.url, bucket), [`incoming/${id}/0`])
  await first.stop('SIGKILL')

  const second = await start(t, place)
  const url = new URL(path, second.url).href
  const head = await fetch(url, { method: 'HEAD', headers: tus })
  t.equal(head.headers.get('upload-offset'), String(third))
  const wrong = { 'upload-checksum': `sha256 ${Buffer.from(sha256(Buffer.from('other')), 'hex').toString('base64')}` }
  t.equal((await patch(url, third, 2 * third, wrong)).status, 460)
  const after = await fetch(url, { method: 'HEAD', headers: tus })
  t.equal(after.headers.get('upload-offset'), String(third), 'what is not verified does not count')
  t.equal((await patch(url, third, 2 * third)).status, 204)
  const last = await patch(url, 2 * third, bytes.length)
  t.equal(last.status, 204, await last.text())
  const record = `${second.url}/imports/${last.headers.get('ralph-import')}`
  let kept: { readonly status?: string; readonly counts?: object } = {}
  while (kept.status !== 'DONE' && kept.status !== 'FAILED') {
    kept = (await (await fetch(record, { headers: as('jane') })).json()) as typeof kept
    await wait(50)
  }
  t.match(kept, { status: 'DONE', counts: { read: 300, written: 300 } })
  t.same(await keysOf(engine.url, bucket), [], 'the import has the bytes now')
  t.same(
    readdirSync(place.uploads).filter((name) => /pieces|staged/.test(name)),
    []
  )
})

t.test('a bucket that refuses is no fault of the client: 503', { skip }, async (t) => {
  if ('missing' in engine) return
  const { endpoint, accessKeyId } = s3AccessOf(engine.url)
  const bucket = await aBucket(t, engine.url)
  const place = aPlace(t, {
    RALPH_UPLOADMANAGER__TARGET: `s3::${endpoint}/${bucket}`,
    RALPH_UPLOADMANAGER__S3_ACCESS_KEY_ID: accessKeyId,
    RALPH_UPLOADMANAGER__S3_SECRET_ACCESS_KEY: 'wrong'
  })
  const { url } = await start(t, place)
  const tus = { ...as('jane'), 'tus-resumable': '1.0.0' }
  const made = await fetch(`${url}/api/upload`, { method: 'POST', headers: { ...tus, 'upload-length': '10' } })
  const answer = await fetch(new URL(made.headers.get('location') ?? '', url), {
    method: 'PATCH',
    headers: { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    body: '12345'
  })
  t.match([answer.status, await answer.json()], [503, { error: 'STORE_UNAVAILABLE' }])
})

t.test('an upload is cut into objects, and one that is removed leaves none', { skip }, async (t) => {
  if ('missing' in engine) return
  const bucket = await aBucket(t, engine.url)
  const directory = t.testdir({})
  mkdirSync(directory, { recursive: true })
  const records = openRecords(directory)
  let checksum: ReturnType<typeof parseChunkChecksum> | undefined
  const target = objectTarget({
    directory,
    place: { bucket, prefix: '' },
    backend: () =>
      openS3Data({
        timeout: 20_000,
        ...s3AccessOf(engine.url),
        sessionToken: undefined,
        region: undefined,
        bucket: undefined,
        writeChunkSize: 2 ** 23,
        clock: () => Date.now() * 1000,
        log: keptLog()
      }),
    records,
    checksum: () => checksum,
    pieceSize: 1000
  })
  t.teardown(() => target.close())
  const id = randomUUID()
  const bytes = randomBytes(4600)
  const broken = async function* () {
    yield bytes.subarray(0, 700)
    yield bytes.subarray(700, 2100)
    throw new Error('the connection broke')
  }
  await t.rejects(target.store.write(Readable.from(broken()), id, 0), /connection broke/)
  t.equal(await target.offsetOf(id), 2100, 'what came before is kept')
  checksum = parseChunkChecksum('sha1 AAAA')
  await t.rejects(target.store.write(Readable.from([bytes.subarray(2100)]), id, 2100), { code: 'UPLOAD_CORRUPT' })
  t.equal(await target.offsetOf(id), 2100)
  checksum = undefined
  t.equal(await target.store.write(Readable.from([bytes.subarray(2100)]), id, 2100), 4600)
  t.same(
    (await keysOf(engine.url, bucket)).toSorted(),
    ['0', '1000', '2000', '2100', '3100', '4100'].map((offset) => `${id}/${offset}`)
  )
  const found: Uint8Array[] = []
  for await (const chunk of target.open(id)) found.push(chunk)
  t.equal(sha256(Buffer.concat(found)), sha256(bytes))
  await target.remove(id)
  t.same(await keysOf(engine.url, bucket), [])
  t.same(readdirSync(directory), [])
})
