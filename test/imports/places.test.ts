import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { ImportRecord } from '../../src/contracts/imports.ts'
import type { KeptImport } from '../../src/imports/kept.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ask, someIndices } from '../support/es.ts'
import { sql } from '../support/postgres.ts'
import { type RalphOptions, ralph, runserver, startRalph } from '../support/ralph-process.ts'
import { sent } from '../support/requests.ts'
import { aBucket, s3AccessOf } from '../support/s3.ts'
import { aContainer, swiftAccessOf } from '../support/swift.ts'
import { aUser } from '../support/users.ts'

/** Imports into data backends: whoever goes on with one delivers to the same place. */

const statementsOf = (count: number): readonly { readonly id: string }[] => Array.from({ length: count }, () => sent())
const linesOf = (statements: readonly object[]): string =>
  statements.map((each) => `${JSON.stringify(each)}\n`).join('')
const idsOf = (lines: string): readonly string[] =>
  lines
    .trim()
    .split('\n')
    .map((line): { readonly id: string } => JSON.parse(line))
    .map(({ id }) => id)
    .sort()

/** An application directory, with a file of statements in it. */
const aPlace = async (t: Test, count: number) => {
  const app = mkdtempSync(join(tmpdir(), 'ralph-places-'))
  t.teardown(() => rm(app, { recursive: true, force: true, maxRetries: 3 }))
  writeFileSync(join(app, 'auth.json'), JSON.stringify([await aUser('jane', 'secret')]))
  const statements = statementsOf(count)
  const file = join(app, 'day.jsonl.gz')
  writeFileSync(file, gzipSync(linesOf(statements), { level: 1 }))
  const options: RalphOptions & { readonly env: Readonly<Record<string, string>> } = { env: { RALPH_APP_DIR: app } }
  return {
    app,
    file,
    options,
    ids: statements.map(({ id }) => id).sort(),
    /** The record as it is kept: what is in it, and when it is there, is durable. */
    kept: (): KeptImport | undefined => {
      const database = new DatabaseSync(join(app, 'imports.db'), { readOnly: true })
      try {
        return JSON.parse(String(database.prepare('SELECT body FROM ralph_import').get()?.body))
      } catch {
        // There is no table yet.
        return undefined
      } finally {
        database.close()
      }
    },
    shown: async (): Promise<ImportRecord> =>
      JSON.parse((await ralph(t, ['imports', 'list', '--json'], options)).stdout),
    staged: (): readonly string[] => readdirSync(join(app, 'imports', 'staging'))
  }
}

type Place = Awaited<ReturnType<typeof aPlace>>

/** Kills a command when the record says that it has come so far, and not to the end. */
const killedWhen = async (
  t: Test,
  place: Place,
  words: readonly string[],
  isSoFar: (kept: KeptImport) => boolean
): Promise<void> => {
  const child = startRalph(t, words, place.options)
  const ended = once(child, 'close')
  for (;;) {
    const kept = await Promise.resolve()
      .then(place.kept)
      .catch(() => undefined)
    if (kept !== undefined && isSoFar(kept)) break
    if (child.exitCode !== null) throw new Error(`it has ended with ${child.exitCode}`)
    await wait(3)
  }
  child.kill('SIGKILL')
  await ended
}

const es = await engineFor('es')
t.test('killed on the way to Elasticsearch, it goes on there', { skip: 'missing' in es && es.missing }, async (t) => {
  const url = 'missing' in es ? '' : es.url
  const index = `${someIndices(t, url).index}`
  const place = await aPlace(t, 12_000)
  const words = ['import', '-b', 'es', '--es-hosts', url, '-t', index, place.file]
  await killedWhen(t, place, words, ({ counts }) => counts.written > 0)
  t.match(place.kept(), {
    status: 'PROCESSING',
    destination: 'es',
    instructions: { place: { backend: 'es', target: index, secrets: [] } }
  })
  // Neither a flag nor a variable says where Elasticsearch is; what else is set is not meant.
  const env = { ...place.options.env, RALPH_BACKENDS__DATA__ES__DEFAULT_INDEX: 'elsewhere' }
  const { code, stderr } = await ralph(t, ['imports', 'run'], { env })
  t.equal(code, 0, stderr)
  const { counts, ...record } = await place.shown()
  t.match(record, { status: 'DONE', destination: 'es', attempts: 2, handlers: { es: { status: 'DONE' } } })
  t.equal(counts.written + counts.already, 12_000)
  await ask(url, 'POST', `${index}/_refresh`)
  const read = await ralph(t, ['read', '-b', 'es', '--es-hosts', url, '-t', index, '--bare'], place.options)
  t.same(idsOf(read.stdout), place.ids, 'every statement once')
  t.same(place.staged(), [])
})

t.test('the server goes on with it, too', { skip: 'missing' in es && es.missing }, async (t) => {
  const url = 'missing' in es ? '' : es.url
  const { index } = someIndices(t, url)
  const place = await aPlace(t, 20)
  const queued = await ralph(
    t,
    ['import', '--queue', '-b', 'es', '--es-hosts', url, '--es-default-index', index, place.file],
    place.options
  )
  t.equal(queued.code, 0, queued.stderr)
  const options = { env: { ...place.options.env, RALPH_IMPORTS_ENABLED: 'true' } }
  const server = await runserver(t, ['-h', '127.0.0.1'], options)
  const limit = Date.now() + 30_000
  while (place.kept()?.status !== 'DONE' && Date.now() < limit) await wait(50)
  t.match(place.kept(), { status: 'DONE', counts: { written: 20 } })
  t.same(await server.stop(), { code: 0, signal: null })
  await ask(url, 'POST', `${index}/_refresh`)
  t.match(await ask(url, 'GET', `${index}/_count`), { count: 20 })
})

t.test('another LRS is not taken for this one', async (t) => {
  const other = await aPlace(t, 1)
  const server = await runserver(t, ['-h', '127.0.0.1'], other.options)
  const place = await aPlace(t, 10)
  const url = server.url.replace('//', '//jane:secret@')
  const queued = await ralph(t, ['import', '--queue', '-b', 'lrs', '--lrs-base-url', url, place.file], place.options)
  t.equal(queued.code, 0, queued.stderr)
  t.notMatch(readFileSync(join(place.app, 'imports.db'), 'latin1'), /jane:|secret@/, 'the record has no password')

  const without = await ralph(t, ['imports', 'run'], place.options)
  t.equal(without.code, 0, without.stderr)
  const failed = await place.shown()
  t.match(failed, { status: 'FAILED', destination: 'other-lrs', trouble: { code: 'INVALID_SETTING' } })
  t.match(failed.trouble?.message, `set RALPH_BACKENDS__DATA__LRS__BASE_URL (${server.url}, with its credentials)`)
  const env = { ...place.options.env, RALPH_BACKENDS__DATA__LRS__BASE_URL: url }
  const retried = await ralph(t, ['imports', 'retry', failed.id], { env })
  t.equal(retried.code, 0, retried.stdout)
  t.match(await place.shown(), { status: 'DONE', counts: { written: 10 }, handlers: { 'other-lrs': { written: 10 } } })
  const read = await ralph(t, ['read', '-b', 'lrs', '--lrs-base-url', url], place.options)
  t.same(idsOf(read.stdout), place.ids)
})

const postgres = await engineFor('postgres')
t.test('a password is not kept', { skip: 'missing' in postgres && postgres.missing }, async (t) => {
  if ('missing' in postgres) return
  const { hostname, port, username, pathname } = new URL(postgres.url)
  const table = `t${randomUUID().replaceAll('-', '')}`
  t.teardown(() => sql(postgres.url, `DROP TABLE IF EXISTS "${table}"`))
  const place = await aPlace(t, 10)
  const of = 'RALPH_BACKENDS__DATA__POSTGRES__'
  const env = {
    ...place.options.env,
    [`${of}HOST`]: hostname,
    [`${of}PORT`]: port,
    [`${of}USER`]: username,
    [`${of}DATABASE`]: pathname.slice(1),
    [`${of}PASSWORD`]: 'verysecret'
  }
  t.match(await ralph(t, ['import', '--queue', '-b', 'postgres', '-t', table, place.file], { env }), { code: 0 })
  t.notMatch(JSON.stringify(place.kept()), /verysecret/)
  await ralph(t, ['imports', 'run'], place.options)
  const failed = await place.shown()
  t.match(failed, { status: 'FAILED', trouble: { message: new RegExp(`set ${of}PASSWORD$`) } })
  const password = { ...place.options.env, [`${of}PASSWORD`]: 'verysecret' }
  const retried = await ralph(t, ['imports', 'retry', failed.id], { env: password })
  t.equal(retried.code, 0, retried.stdout)
  t.match(await place.shown(), { status: 'DONE', counts: { written: 10 } })
})

const s3 = await engineFor('s3')
const swift = await engineFor('swift')

interface ObjectPlace {
  readonly flags: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** What stands before the name. */
  readonly target: string
  /** The words that read an object. */
  read(name: string): readonly string[]
}

const objectPlaces: Readonly<Record<string, { readonly skip: string | false; open(t: Test): Promise<ObjectPlace> }>> = {
  fs: {
    skip: false,
    open: async (t) => {
      const directory = join(t.testdir({}), 'kept')
      const flags = ['--fs-default-directory-path', directory]
      return { flags, env: {}, target: 'in', read: (name) => ['read', '-b', 'fs', ...flags, '-t', 'in', name] }
    }
  },
  s3: {
    skip: 'missing' in s3 ? s3.missing : false,
    open: async (t) => {
      const url = 'missing' in s3 ? '' : s3.url
      const bucket = await aBucket(t, url)
      const { endpoint, accessKeyId, secretAccessKey } = s3AccessOf(url)
      const of = 'RALPH_BACKENDS__DATA__S3__'
      return {
        flags: ['--s3-endpoint-url', endpoint],
        env: { [`${of}ACCESS_KEY_ID`]: accessKeyId, [`${of}SECRET_ACCESS_KEY`]: secretAccessKey },
        target: `${bucket}/in`,
        read: (name) => ['read', '-b', 's3', '--s3-endpoint-url', endpoint, '-t', bucket, `in/${name}`]
      }
    }
  },
  swift: {
    skip: 'missing' in swift ? swift.missing : false,
    open: async (t) => {
      const url = 'missing' in swift ? '' : swift.url
      const container = await aContainer(t, url)
      const { authUrl, username, password, tenantName } = swiftAccessOf(url)
      const flags = [
        ...['--swift-auth-url', `${authUrl}/v3`, '--swift-username', username ?? ''],
        ...(tenantName === undefined ? [] : ['--swift-tenant-name', tenantName])
      ]
      return {
        flags,
        env: { RALPH_BACKENDS__DATA__SWIFT__PASSWORD: password ?? '' },
        target: `${container}/in`,
        read: (name) => ['read', '-b', 'swift', ...flags, '-t', container, `in/${name}`]
      }
    }
  }
}

for (const [backend, { skip, open }] of Object.entries(objectPlaces)) {
  t.test(`killed on the way to ${backend}, it becomes one whole object`, { skip }, async (t) => {
    const { flags, env, target, read } = await open(t)
    const made = await aPlace(t, 12_000)
    const place = { ...made, options: { env: { ...made.options.env, ...env } } }
    const words = ['import', '-b', backend, ...flags, '-t', target, place.file]
    await killedWhen(t, place, words, ({ progress }) => progress.gathered !== undefined)
    t.match(place.kept(), { status: 'PROCESSING', counts: { written: 0 }, handlers: { [backend]: { written: 0 } } })
    const { code, stderr } = await ralph(t, ['imports', 'run'], place.options)
    t.equal(code, 0, stderr)
    const record = await place.shown()
    const name = `day-${record.sha256?.slice(0, 12)}.jsonl`
    t.match(record, { status: 'DONE', attempts: 2, counts: { read: 12_000, written: 12_000, rejected: 0 } })
    t.match(record.handlers, { [backend]: { status: 'DONE', written: 12_000 } })
    t.ok(record.handlers[backend]?.object?.endsWith(`${target}/${name}`))
    const found = await ralph(t, read(name), place.options)
    t.equal(found.code, 0, found.stderr)
    t.same(idsOf(found.stdout), place.ids, 'every statement once')
    t.same(place.staged(), [])
    t.match(await ralph(t, words, place.options), { code: 0 }, 'the same file again replaces it')
  })
}

t.test('a directory is meant as it was named, wherever the import is gone on with', async (t) => {
  const place = await aPlace(t, 5)
  const cwd = join(place.app, 'elsewhere')
  mkdirSync(cwd)
  const options = { ...place.options, cwd }
  const bad = join(place.app, 'bad.jsonl')
  writeFileSync(bad, '{"actor":1}\n')
  t.match(await ralph(t, ['import', '--queue', '-b', 'fs', '-t', 'out', place.file, bad], options), { code: 0 })
  t.match(await ralph(t, ['imports', 'run'], { ...options, cwd: place.app }), { code: 0 })
  const names = readdirSync(join(cwd, 'out'))
  t.equal(names.length, 1, 'of what had nothing good in it there is no object')
  t.same(idsOf(readFileSync(join(cwd, 'out', names[0] ?? ''), 'utf8')), place.ids)
})
