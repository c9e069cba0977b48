import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { dataBackends } from '../../src/backends/registry.ts'
import { storeOf } from '../../src/cli/objects-of-urls.ts'
import type { ImportRecord } from '../../src/contracts/imports.ts'
import { createOriginals } from '../../src/imports/originals.ts'
import { loadGeneral } from '../../src/settings/load.ts'
import { createReader } from '../../src/settings/read.ts'
import { loadStore } from '../../src/settings/store.ts'
import { zipOf } from '../support/archives.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { keptLog } from '../support/objects.ts'
import { ralph } from '../support/ralph-process.ts'
import { sent } from '../support/requests.ts'
import { aBucket, s3AccessOf } from '../support/s3.ts'
import { sourcesOf } from '../support/settings-of.ts'
import { aContainer, swiftAccessOf } from '../support/swift.ts'

/** The file store: originals of imports that are kept for good, where the settings say. */

const lines = (count: number): string => Array.from({ length: count }, () => `${JSON.stringify(sent())}\n`).join('')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const storeWith = (target: string, more: Readonly<Record<string, string>> = {}) =>
  loadStore(sourcesOf({ environment: { RALPH_APP_DIR: '/app', RALPH_STORE__TARGET: target, ...more } }))

t.test(
  'nothing is kept unless a setting says where, and a target is a directory, a bucket or a container',
  async (t) => {
    t.equal(loadStore(sourcesOf({ environment: {} })), undefined)
    t.match(storeWith('default'), { place: { kind: 'fs', directory: '/app/store' }, doors: [] })
    t.match(storeWith('/var/originals', { RALPH_STORE__DOORS: '["upload","url"]' }), {
      place: { kind: 'fs', directory: '/var/originals' },
      doors: ['upload', 'url']
    })
    t.match(storeWith('s3://s3.example.org/kept/a', { RALPH_STORE__S3_REGION: 'eu-west-3' }), {
      place: {
        kind: 's3',
        bucket: 'kept',
        prefix: 'a/',
        access: { endpoint: 'https://s3.example.org', region: 'eu-west-3' }
      }
    })
    t.same(storeWith('s3://kept')?.place, { kind: 's3', bucket: 'kept', prefix: '', access: {} })
    t.same(storeWith('swift://kept')?.place, { kind: 'swift', bucket: 'kept', prefix: '' })
    t.same(storeWith('swift://kept/a/b')?.place, { kind: 'swift', bucket: 'kept', prefix: 'a/b/' })
    for (const wrong of ['swift://', 'ftp://host/x', 's3://', 'swift://a/%2e']) {
      t.throws(() => storeWith(wrong), { code: 'INVALID_SETTING', message: /STORE__TARGET must be/ }, wrong)
    }
    for (const swept of ['/app/imports/kept', '/app/imports', '/temp/kept']) {
      const more = { RALPH_TEMP_DIR: '/temp' }
      t.throws(() => storeWith(swept, more), { code: 'INVALID_SETTING', message: /where files are deleted/ }, swept)
    }
  }
)

const s3 = await engineFor('s3')
const swift = await engineFor('swift')

interface TestedStore {
  readonly env: Readonly<Record<string, string>>
}

const stores: Readonly<Record<string, { readonly skip: string | false; open(t: Test): Promise<TestedStore> }>> = {
  directory: {
    skip: false,
    open: async (t) => ({ env: { RALPH_STORE__TARGET: join(t.testdir({}), 'kept') } })
  },
  s3: {
    skip: 'missing' in s3 ? s3.missing : false,
    open: async (t) => {
      const url = 'missing' in s3 ? '' : s3.url
      const bucket = await aBucket(t, url)
      const { endpoint, accessKeyId, secretAccessKey } = s3AccessOf(url)
      return {
        env: {
          RALPH_STORE__TARGET: `s3::${endpoint}/${bucket}/kept`,
          RALPH_STORE__S3_ACCESS_KEY_ID: accessKeyId,
          RALPH_STORE__S3_SECRET_ACCESS_KEY: secretAccessKey
        }
      }
    }
  },
  swift: {
    skip: 'missing' in swift ? swift.missing : false,
    open: async (t) => {
      const url = 'missing' in swift ? '' : swift.url
      const container = await aContainer(t, url)
      const { authUrl, username, password, tenantName } = swiftAccessOf(url)
      const of = 'RALPH_BACKENDS__DATA__SWIFT__'
      return {
        env: {
          RALPH_STORE__TARGET: `swift://${container}/kept`,
          [`${of}AUTH_URL`]: `${authUrl}/v3`,
          [`${of}USERNAME`]: username ?? '',
          [`${of}PASSWORD`]: password ?? '',
          ...(tenantName === undefined ? {} : { [`${of}TENANT_NAME`]: tenantName })
        }
      }
    }
  }
}

for (const [name, { skip, open }] of Object.entries(stores)) {
  t.test(`an original is kept in a store of the kind ${name}, and imported again from there`, { skip }, async (t) => {
    const store = await open(t)
    const app = t.testdir({})
    const options = { env: { RALPH_APP_DIR: app, ...store.env } }
    const bytes = gzipSync(lines(20))
    const file = join(app, 'day [1].jsonl.gz')
    writeFileSync(file, bytes)
    const brought = await ralph(t, ['import', '--json', file], options)
    t.equal(brought.code, 0, brought.stderr)
    const record: ImportRecord = JSON.parse(brought.stdout)
    const original = `${sha256(bytes)}/day _1_.jsonl.gz`
    t.match(record, { status: 'DONE', original, counts: { written: 20 } })
    const again = await ralph(t, ['import', '--json', file], options)
    t.match(JSON.parse(again.stdout), { status: 'DONE', original, counts: { already: 20 } }, 'it is there already')

    // Whatever is swept and purged, and even the statements are lost: the original is there.
    rmSync(file)
    t.match(await ralph(t, ['imports', 'purge', '--older-than', '0', '--status', 'FAILED'], options), { code: 0 })
    for (const lost of readdirSync(app).filter((each) => each.endsWith('.sqlite3') || each.startsWith('lrs.'))) {
      rmSync(join(app, lost), { recursive: true })
    }
    const retried = await ralph(t, ['imports', 'retry', record.id], options)
    t.equal(retried.code, 0, retried.stderr)
    const shown: ImportRecord = JSON.parse((await ralph(t, ['imports', 'show', record.id], options)).stdout)
    t.match(shown, { status: 'DONE', original, counts: { read: 20, rejected: 0 }, attempts: 2 })
    t.equal(shown.counts.written + shown.counts.already, 20)
    t.same(readdirSync(join(app, 'imports', 'staging')), [])

    t.match(await ralph(t, ['imports', 'purge', '--older-than', '0'], options), { stdout: '2 removed\n' })
    const sources = sourcesOf({ environment: options.env })
    const openData: Parameters<typeof storeOf>[0]['openData'] = async (backend, given, { appDir }, log) => {
      const reader = createReader(given)
      return backend.configure(reader)({
        clock: () => Date.now() * 1000,
        appDir,
        log,
        openRegistry: () => Promise.reject(new Error('none'))
      })
    }
    const settings = loadStore(sources)
    if (settings === undefined) throw new Error('there is no store')
    const place = storeOf({ dataBackends, openData }, sources, loadGeneral(sources), keptLog())
    const originals = createOriginals(settings, place)
    const chunks: Uint8Array[] = []
    for await (const chunk of originals.open(original, new AbortController().signal)) chunks.push(chunk)
    await originals.close()
    t.ok(Buffer.concat(chunks).equals(bytes), 'purging the records leaves it where it is')
  })
}

t.test(
  'what is refused, or came by another door, is not kept; a store that is full or wrong loses nothing',
  async (t) => {
    const app = t.testdir({ files: {} })
    const kept = join(app, 'kept')
    const env = { RALPH_APP_DIR: app, RALPH_STORE__TARGET: kept }
    const slip = join(app, 'files', 'slip.zip')
    writeFileSync(slip, zipOf([{ name: '../../out.jsonl', content: lines(1) }]))
    const good = join(app, 'files', 'good.jsonl')
    writeFileSync(good, lines(3))
    t.match(await ralph(t, ['import', slip], { env }), { code: 1 })
    t.match(await ralph(t, ['import', good], { env: { ...env, RALPH_STORE__DOORS: 'upload' } }), { code: 0 })
    t.notOk(existsSync(kept))

    writeFileSync(kept, 'a file where the directory was to be')
    const failed: ImportRecord = JSON.parse((await ralph(t, ['import', '--json', good], { env })).stdout)
    t.match(failed, {
      status: 'RETRY',
      trouble: { message: /file store of RALPH_STORE__TARGET/ },
      counts: { written: 0 }
    })
    rmSync(kept)
    t.match(await ralph(t, ['imports', 'retry', failed.id], { env }), { code: 0 })
    t.ok(readFileSync(join(kept, sha256(readFileSync(good)), 'good.jsonl')).equals(readFileSync(good)))

    const { RALPH_STORE__TARGET: _, ...without } = env
    const again = await ralph(t, ['imports', 'retry', failed.id], { env: without })
    t.match(again, { code: 1, stdout: /set RALPH_STORE__TARGET/ })
    rmSync(kept, { recursive: true })
    mkdirSync(kept)
    t.match(await ralph(t, ['imports', 'retry', failed.id], { env }), { code: 1, stdout: /NOT_FOUND/ })
  }
)
