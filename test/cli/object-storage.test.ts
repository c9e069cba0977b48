import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { aStatementRecord } from '../contracts/data-backend.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'
import { aBucket, s3AccessOf, unfinishedUploads } from '../support/s3.ts'
import { aContainer, enterSwift, namesIn, swiftAccessOf } from '../support/swift.ts'

type Env = Readonly<Record<string, string>>

/** One place, and every way to tell a command of it. */
interface Told {
  readonly place: string
  /** As document 000 has it: options that begin with the name of the backend, and variables of the group STORAGE. */
  readonly flags: readonly string[]
  readonly env: Env
  /** As Ralph 5 has it. */
  readonly env5: Env
  readonly secrets: RegExp
  /** What is there besides whole objects. */
  leftovers(): Promise<number>
}

const named = (prefix: string, values: Env): Env =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]))

const places: { readonly [backend in 's3' | 'swift']: (t: Test, url: string) => Promise<Told> } = {
  s3: async (t, url) => {
    const { endpoint, accessKeyId, secretAccessKey } = s3AccessOf(url)
    const place = await aBucket(t, url)
    const values = { ACCESS_KEY_ID: accessKeyId, SECRET_ACCESS_KEY: secretAccessKey, ENDPOINT_URL: endpoint }
    return {
      place,
      flags: [
        ...['--s3-access-key-id', accessKeyId, '--s3-secret-access-key', secretAccessKey],
        ...['--s3-endpoint-url', endpoint, '--s3-bucket-name', place, '--s3-default-region', 'us-east-1']
      ],
      env: named('RALPH_BACKENDS__STORAGE__S3__', { ...values, BUCKET_NAME: place }),
      env5: named('RALPH_BACKENDS__DATA__S3__', { ...values, DEFAULT_BUCKET_NAME: place }),
      secrets: new RegExp(secretAccessKey),
      leftovers: () => unfinishedUploads(url, place)
    }
  },
  swift: async (t, url) => {
    const { authUrl, username = '', password = '', tenantName = '' } = swiftAccessOf(url)
    const place = await aContainer(t, url)
    const { storage } = await enterSwift(url)
    const values = { USERNAME: username, PASSWORD: password, TENANT_NAME: tenantName, AUTH_URL: authUrl }
    return {
      place,
      flags: [
        ...['--swift-os-username', username, '--swift-os-password', password, '--swift-os-tenant-name', tenantName],
        ...['--swift-os-auth-url', authUrl, '--swift-os-storage-url', `${storage}/${place}`],
        ...['--swift-os-identity-api-version', '3', '--swift-os-region-name', 'RegionOne']
      ],
      env: {
        ...named('RALPH_BACKENDS__STORAGE__SWIFT__OS_', values),
        RALPH_BACKENDS__STORAGE__SWIFT__OS_STORAGE_URL: `${storage}/${place}`
      },
      env5: named('RALPH_BACKENDS__DATA__SWIFT__', { ...values, DEFAULT_CONTAINER: place }),
      secrets: new RegExp(password),
      leftovers: async () => (await namesIn(url, `${place}_segments`))?.length ?? 0
    }
  }
}

const lines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `${aStatementRecord(index + 1).text}\n`).join('')

for (const backend of ['s3', 'swift'] as const) {
  t.test(backend, async (t) => {
    const engine = await engineFor(backend)
    if ('missing' in engine) return t.plan(0, engine.missing)
    t.teardown(() => engine.stop())
    const history = (t: Test): Env => ({ RALPH_APP_DIR: t.testdir() })

    t.test('is told by the options of document 000, by its variables, and by those of Ralph 5', async (t) => {
      const { place, flags, env, env5, secrets } = await places[backend](t, engine.url)
      const app = history(t)
      const input = lines(200)
      const written = await ralph(t, ['write', '--backend', backend, '-t', 'some.jsonl', ...flags], { input, env: app })
      t.match(written, { code: 0, stdout: '' })
      const ways = [
        { flags, env: {} },
        { flags: [], env },
        { flags: [], env: env5 }
      ]
      for (const way of ways) {
        const options = { env: { ...app, ...way.env } }
        t.match(await ralph(t, ['list', '--backend', backend, ...way.flags], options), {
          code: 0,
          stdout: 'some.jsonl\n'
        })
        t.match(await ralph(t, ['read', '-b', backend, 'some.jsonl', ...way.flags], options), {
          code: 0,
          stdout: input
        })
        t.match(await ralph(t, ['status', '-b', backend, ...way.flags], options), { code: 0 })
      }
      const twice = await ralph(t, ['push', '-b', backend, '-t', `${place}/some.jsonl`, ...flags], { input, env: app })
      t.match(twice, { code: 1, stderr: /some\.jsonl exists already/ })
      for (const { stderr } of [written, twice]) t.notMatch(stderr, secrets)
    })

    t.test('what was read is not new any more', async (t) => {
      const { env5 } = await places[backend](t, engine.url)
      const options = { env: { ...env5, ...history(t) } }
      for (const name of ['one', 'two'])
        await ralph(t, ['write', '-b', backend, '-t', name], { ...options, input: name })
      t.match(await ralph(t, ['list', '-b', backend, '--new'], options), { code: 0, stdout: 'one\ntwo\n' })
      await ralph(t, ['read', '-b', backend, 'one'], options)
      t.match(await ralph(t, ['list', '-b', backend, '--new'], options), { code: 0, stdout: 'two\n' })
      const details = await ralph(t, ['list', '-b', backend, '-D'], options)
      for (const line of details.stdout.trim().split('\n')) t.type(JSON.parse(line), 'object')
      t.match(await ralph(t, ['delete', '-y', '-b', backend, 'one'], options), { code: 0 })
      t.match(await ralph(t, ['list', '-b', backend], options), { code: 0, stdout: 'two\n' })
    })

    t.test('without input nothing is made, and what is not there is said in one line, with exit code 1', async (t) => {
      const { env5 } = await places[backend](t, engine.url)
      const options = { env: { ...env5, ...history(t) } }
      t.match(await ralph(t, ['write', '-b', backend, '-t', 'none'], { ...options, input: '' }), { code: 0 })
      t.match(await ralph(t, ['list', '-b', backend], options), { code: 0, stdout: '' })
      const read = await ralph(t, ['read', '-b', backend, 'none'], options)
      t.match(read, { code: 1, stdout: '', stderr: /^Error: \S+\/none is not there\n$/m })
      const nowhere = await ralph(t, ['list', '-b', backend, '-t', 'ralph-nowhere'], options)
      t.match(nowhere, { code: 1, stdout: '', stderr: /ralph-nowhere does not exist/ })
    })

    t.test('an upload that is interrupted leaves nothing, and can be started again', async (t) => {
      const { env5, leftovers } = await places[backend](t, engine.url)
      const small = backend === 'swift' ? { RALPH_BACKENDS__DATA__SWIFT__SEGMENT_SIZE: '4MiB' } : {}
      const options = { env: { ...env5, ...small, ...history(t) } }
      const child = startRalph(t, ['write', '-b', backend, '-t', 'half'], options)
      const chunk = Buffer.alloc(2 ** 20, 'x')
      for (let sent = 0; sent < 30; sent += 1) {
        if (child.stdin?.write(chunk) === false) await once(child.stdin, 'drain')
      }
      while ((await leftovers()) === 0) await wait(20)
      const ended = once(child, 'close')
      child.kill('SIGINT')
      t.strictSame(await ended, [null, 'SIGINT'])
      t.equal(await leftovers(), 0)
      t.match(await ralph(t, ['list', '-b', backend], options), { code: 0, stdout: '' })
      t.match(await ralph(t, ['write', '-b', backend, '-t', 'half'], { ...options, input: 'whole' }), { code: 0 })
      t.match(await ralph(t, ['read', '-b', backend, 'half'], options), { code: 0, stdout: 'whole' })
    })

    t.test('an upload that is killed leaves no object', async (t) => {
      const { env5 } = await places[backend](t, engine.url)
      const options = { env: { ...env5, ...history(t) } }
      const child = startRalph(t, ['write', '-b', backend, '-t', 'half'], options)
      const chunk = Buffer.alloc(2 ** 20, 'x')
      child.stdin?.on('error', () => {})
      for (let sent = 0; sent < 12; sent += 1) {
        if (child.stdin?.write(chunk) === false) await once(child.stdin, 'drain')
      }
      const ended = once(child, 'close')
      child.kill('SIGKILL')
      await ended
      t.match(await ralph(t, ['list', '-b', backend], options), { code: 0, stdout: '' })
    })
  })
}
