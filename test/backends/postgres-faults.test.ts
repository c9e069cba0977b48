import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { openPostgres } from '../../src/backends/postgres/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aCertificate, asPem } from '../support/certificate.ts'
import { aClock } from '../support/clock.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { allPages } from '../support/judged-store.ts'
import { requireAll, server, servers, sql, until } from '../support/postgres.ts'
import { aBatch, anAttachment, aStatement, withMbox } from '../support/statements.ts'

const unavailable = { name: 'RalphError', code: 'STORE_UNAVAILABLE' }
const ann = withMbox('ann')

t.test('a server that is not there is unavailable, and says where it is not', async (t) => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const context = contextOf(t, aClock().now, t.testdirName)
  // Something listens, but is silent.
  const silent = openPostgres({ host: '127.0.0.1', port, connectTimeout: 200 }, context)
  await t.rejects(silent, { ...unavailable, message: `127.0.0.1:${port}` })
  listener.close()
  const refused = openPostgres({ host: '127.0.0.1', port }, context)
  await t.rejects(refused, { ...unavailable, details: { retryAfter: 1 }, message: `127.0.0.1:${port}` })
})

t.test('the engine is killed and started during load: nothing acknowledged is lost', async (t) => {
  const own = await ownEngine(t, 'postgres', { settings: { shared_buffers: '16MB' } })
  if ('missing' in own) {
    t.comment(own.missing)
    return
  }
  const opened = await servers(t, { connectionUri: own.url, connectTimeout: 2000 }, 0, 0)
  const stores = await Promise.all(opened.map((each) => each.store()))
  const acknowledged: string[] = []
  let [writing, failures] = [true, 0]
  const write = async (store: LrsStore): Promise<void> => {
    while (writing) {
      try {
        const { inserted } = await store.statements.insert(aBatch(aStatement(), aStatement({ actor: ann })))
        acknowledged.push(...inserted)
      } catch (error) {
        failures += 1
        t.match(error, unavailable)
        await wait(10)
      }
    }
  }
  const writers = stores.flatMap((store) => [write(store), write(store), write(store)])
  const moreAcknowledged = async (): Promise<void> => {
    const before = acknowledged.length
    await until(async () => acknowledged.length > before + 50)
  }
  await moreAcknowledged()
  await own.kill()
  const before = failures
  await until(async () => failures > before)
  for (const each of opened) t.match(await each.status(), { state: 'away', detail: /127\.0\.0\.1/ })
  for (const store of stores) await t.rejects(allPages(store, {}), unavailable)
  await own.restart()
  await moreAcknowledged()
  for (const each of opened) t.same(await each.status(), { state: 'ok' })
  await own.restart()
  await moreAcknowledged()
  writing = false
  await Promise.all(writers)
  t.ok(failures > 0)
  for (const store of stores) await requireAll(t, store, acknowledged)
})

t.test('a database that was made read-only says so, and takes more when it was not', async (t) => {
  const own = await ownEngine(t, 'postgres', { durable: false })
  if ('missing' in own) {
    t.comment(own.missing)
    return
  }
  const backend = await server(t, { connectionUri: own.url })
  const store = await backend.store()
  await store.statements.insert(aBatch(aStatement()))
  const readOnly = async (value: string): Promise<void> => {
    await sql(own.url, `ALTER SYSTEM SET default_transaction_read_only = ${value}`)
    await sql(own.url, 'SELECT pg_reload_conf()')
    await until(
      async () => (await sql(own.url, 'SHOW default_transaction_read_only'))[0]?.default_transaction_read_only === value
    )
  }
  await readOnly('on')
  await until(async () => (await backend.status()).state === 'error')
  const full = { name: 'RalphError', code: 'STORE_FULL' }
  await t.rejects(store.statements.insert(aBatch(aStatement())), full)
  const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'profile' } as const
  await t.rejects(
    store.documents.change(key, () => ({ content: Buffer.from('x'), contentType: 'x/y' })),
    full
  )
  t.equal((await allPages(store, {})).length, 1, 'what is there can be read')
  await readOnly('off')
  await until(async () => (await backend.status()).state === 'ok')
  await store.statements.insert(aBatch(aStatement()))
  t.equal((await allPages(store, {})).length, 2)
})

/** Commands that only an administrator may run: mounting, giving files away. */
const ran = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0

t.test('a full disk refuses what does not fit, keeps what there is, and takes more once it is mended', async (t) => {
  const own = await ownEngine(t, 'postgres', { durable: false })
  if ('missing' in own) {
    t.comment(own.missing)
    return
  }
  // Only tables are on it: a log that cannot be written would end the engine.
  const disk = mkdtempSync(join(tmpdir(), 'ralph-disk-'))
  const mount = (options: string): boolean => ran('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', disk)
  const mounted = process.platform === 'linux' && mount('size=6m')
  t.teardown(() => {
    if (mounted) ran('umount', '-l', disk)
    rmdirSync(disk)
  })
  const place = join(disk, 'tables')
  if (!mounted || !ran('install', '-d', '-o', 'postgres', '-m', '700', place)) {
    t.comment('skipped: mounting a file system is not permitted here')
    return
  }
  await sql(own.url, `CREATE TABLESPACE small LOCATION '${place}'`)
  await sql(own.url, `ALTER DATABASE postgres SET default_tablespace = small`)
  const backend = await server(t, { connectionUri: own.url })
  const store = await backend.store()
  const full = { name: 'RalphError', code: 'STORE_FULL', message: /free some space/ }
  await store.statements.insert(aBatch(aStatement()))
  const bytes = Buffer.from(Array.from({ length: 8_000_000 }, (_, index) => (index * index * 31) >> 7))
  const tooLarge = { ...aBatch(aStatement()), attachments: [anAttachment(bytes)] }
  await t.rejects(store.statements.insert(tooLarge), full)
  t.equal((await allPages(store, {})).length, 1, 'of what was refused nothing is there')
  let stored = 1
  for (;;) {
    const batch = Array.from({ length: 50 }, () => aStatement())
    const refusal = await store.statements.insert(aBatch(...batch)).catch((error: unknown) => error)
    if (refusal instanceof Error) {
      t.match(refusal, full)
      break
    }
    stored += batch.length
  }
  t.match(await backend.status(), { state: 'error', detail: /free some space/ })
  t.equal((await allPages(store, { limit: 1000 })).length, stored, 'what is there can be read')
  mount('remount,size=40m')
  t.same(await backend.status(), { state: 'ok' })
  await store.statements.insert(tooLarge)
  t.equal((await allPages(store, { limit: 1000 })).length, stored + 1)
})

t.test('TLS is used as it is asked for', async (t) => {
  const keys = mkdtempSync(join(tmpdir(), 'ralph-keys-'))
  t.teardown(() => ran('rm', '-r', keys))
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const [cert, key] = [join(keys, 'server.crt'), join(keys, 'server.key')]
  writeFileSync(cert, asPem('CERTIFICATE', aCertificate(publicKey, privateKey)))
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  // PostgreSQL runs as another user where this process is root.
  if (process.getuid?.() === 0) ran('chown', '-R', 'postgres', keys)
  const own = await ownEngine(t, 'postgres', {
    durable: false,
    settings: { ssl: 'on', ssl_cert_file: cert, ssl_key_file: key }
  })
  if ('missing' in own) {
    t.comment(own.missing)
    return
  }
  const encrypted = `SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'ralph'`
  for (const [sslMode, ssl] of [
    ['disable', false],
    ['require', true]
  ] as const) {
    const backend = await openPostgres({ connectionUri: own.url, sslMode }, contextOf(t, aClock().now, t.testdirName))
    await (await backend.store()).statements.insert(aBatch(aStatement()))
    t.same(await sql(own.url, encrypted), [{ ssl }], sslMode)
    await backend.close()
  }
  for (const sslMode of ['verify-ca', 'verify-full']) {
    const opening = openPostgres(
      { connectionUri: `${own.url}?sslmode=${sslMode}` },
      contextOf(t, aClock().now, t.testdirName)
    )
    await t.rejects(opening, { ...unavailable, message: /certificate/ }, 'nobody vouches for it')
  }
})
