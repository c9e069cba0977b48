import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { allPages } from '../support/judged-store.ts'
import { canLimitFiles, serveStore } from '../support/served-store.ts'
import { aBatch, anAttachment, aStatement } from '../support/statements.ts'

const openIn = (t: Test, directory: string) => {
  const backend = openSqlite({ directory }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  return backend
}

const full = { name: 'RalphError', code: 'STORE_FULL' }

/** A file system of its own, of so many bytes; undefined where that is not permitted. */
const smallDisk = (t: Test, bytes: number): { readonly path: string; resize(bytes: number): void } | undefined => {
  // Not in a fixture directory, which is removed before it could be unmounted.
  const disk = mkdtempSync(join(tmpdir(), 'ralph-disk-'))
  const mount = (options: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]).status === 0
  const mounted = process.platform === 'linux' && mount(`size=${bytes}`)
  t.teardown(() => {
    if (mounted) spawnSync('umount', ['-l', disk])
    rmdirSync(disk)
  })
  if (!mounted) return undefined
  return {
    path: disk,
    resize: (size) => {
      if (!mount(`remount,size=${size}`)) throw new Error('the disk could not be resized')
    }
  }
}

t.test('a full disk refuses what does not fit, keeps what there is, and takes more once it is mended', async (t) => {
  const disk = smallDisk(t, 3_000_000)
  if (!disk) {
    t.pass('skipped: mounting a file system is not permitted here')
    return
  }
  const backend = openIn(t, disk.path)
  const store = await backend.store()
  const kept = [aStatement(), aStatement()]
  await store.statements.insert(aBatch(...kept))
  const tooLarge = { ...aBatch(aStatement()), attachments: [anAttachment(Buffer.alloc(5_000_000, 'a'))] }
  await t.rejects(store.statements.insert(tooLarge), full)
  await store.statements.insert(aBatch(aStatement()))
  t.match(await backend.status(), { state: 'error', detail: /free some space/ }, 'there is room for less only')

  let stored = 3
  for (;;) {
    const batch = Array.from({ length: 50 }, () => aStatement({ result: { response: 'x'.repeat(2000) } }))
    const more = await store.statements.insert(aBatch(...batch)).catch((error: unknown) => error)
    if (more instanceof Error) {
      t.match(more, full)
      break
    }
    stored += batch.length
  }
  const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'one' } as const
  const document = { content: Buffer.alloc(200_000), contentType: 'text/plain' }
  await t.rejects(
    store.documents.change(key, () => document),
    full
  )
  t.equal((await allPages(store, { limit: 100 })).length, stored, 'what there is can be read')

  disk.resize(20_000_000)
  t.same(await backend.status(), { state: 'ok' })
  const { inserted } = await store.statements.insert(aBatch(aStatement()))
  t.equal(inserted.length, 1)
  await store.documents.change(key, () => document)
  await backend.close()
  const again = await openIn(t, disk.path).store()
  t.equal((await allPages(again, { limit: 100 })).length, stored + 1)
})

const skip = canLimitFiles() ? false : 'prlimit is not installed'

t.test(
  'a last write that fails is told to who closes the store, which lets go of everything all the same',
  async (t) => {
    const disk = smallDisk(t, 3_000_000)
    if (!disk) {
      t.pass('skipped: mounting a file system is not permitted here')
      return
    }
    const backend = openSqlite({ directory: disk.path }, contextOf(t, aClock().now, disk.path))
    const store = await backend.store()
    for (let more = true; more; ) {
      more = await store.statements.insert(aBatch(aStatement({ result: { response: 'x'.repeat(3000) } }))).then(
        () => true,
        () => false
      )
    }
    await t.rejects(backend.close(), full)
    disk.resize(20_000_000)
    const again = await openIn(t, disk.path).store()
    t.ok((await allPages(again, { limit: 100 })).length > 0)
  }
)

t.test('files that may not grow are a full disk too, with a batch that has written a part', { skip }, async (t) => {
  const directory = t.testdir()
  const store = await serveStore(t, 'sqlite', directory)
  t.match(await store.tell({ insert: 3 }), { ids: [String, String, String] })
  const { size } = await stat(join(directory, 'ralph.db-wal'))
  store.limitFiles(size + 20_000)
  const refused = { code: 'STORE_FULL', message: /free some space/ }
  t.match(await store.tell({ insert: 1000 }), refused)
  const together = await Promise.all([500, 600].map((insert) => store.tell({ insert })))
  for (const answer of together) t.match(answer, refused)
  t.match(await store.tell({ insert: 1, attachment: 100_000 }), refused)
  store.limitFiles(0)
  t.match(await store.tell({ insert: 1 }), refused)
  t.match(await store.tell('status'), { status: { state: 'error', detail: /free some space/ } })
  store.limitFiles('unlimited')
  t.match(await store.tell('status'), { status: { state: 'ok' } })
  t.match(await store.tell({ insert: 2 }), { ids: [String, String] })
  // Not closed: what was acknowledged is durable all the same.
  await store.end()
  t.equal((await allPages(await openIn(t, directory).store(), {})).length, 5)
})

/** Root can write everywhere: what root does here is done as nobody. */
const asOrdinaryUser = async <T>(work: () => Promise<T>): Promise<T> => {
  if (process.geteuid?.() !== 0) return work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

t.test('a directory that is read-only refuses, and is used as soon as it is writable', async (t) => {
  const directory = join(t.testdir({ store: {} }), 'store')
  await chmod(directory, 0o555)
  if ((await asOrdinaryUser(() => stat(directory).catch(() => undefined))) === undefined) {
    t.pass('skipped: others than root cannot come here')
    return
  }
  const backend = openIn(t, directory)
  await asOrdinaryUser(() => t.rejects(backend.store(), { ...full, message: new RegExp(directory) }))
  await chmod(directory, 0o777)
  await asOrdinaryUser(async () => {
    const store = await backend.store()
    await store.statements.insert(aBatch(aStatement()))
    t.equal((await allPages(store, {})).length, 1)
    await backend.close()
  })
})

t.test('a missing directory is made, one that cannot be made is named', async (t) => {
  const directory = t.testdir({ file: 'not a directory' })
  await openIn(t, join(directory, 'new', 'store')).store()
  await t.rejects(openIn(t, join(directory, 'file', 'store')).store(), { ...full, message: /file/ })
})

t.test('a file that is no store of ours is named, and not touched', async (t) => {
  const corrupt = { name: 'RalphError', code: 'STORE_CORRUPT' }
  const directory = t.testdir({ junk: { 'ralph.db': 'this is no database, and longer than a header'.repeat(100) } })
  const junk = join(directory, 'junk', 'ralph.db')
  const before = await readFile(junk)
  await t.rejects(openIn(t, join(directory, 'junk')).store(), { ...corrupt, message: new RegExp(junk) })
  t.same(await readFile(junk), before)

  await mkdir(join(directory, 'foreign'))
  const foreignFile = join(directory, 'foreign', 'ralph.db')
  const foreign = new DatabaseSync(foreignFile)
  foreign.exec('CREATE TABLE bookmark (url TEXT)')
  foreign.close()
  const bookmarks = await readFile(foreignFile)
  await t.rejects(openIn(t, join(directory, 'foreign')).store(), { ...corrupt, message: /another program/ })
  t.same(await readFile(foreignFile), bookmarks)

  const backend = openIn(t, join(directory, 'newer'))
  await backend.store()
  await backend.close()
  const newer = new DatabaseSync(join(directory, 'newer', 'ralph.db'))
  newer.exec('PRAGMA journal_mode = DELETE; PRAGMA user_version = 1000')
  newer.close()
  const newerFile = join(directory, 'newer', 'ralph.db')
  const ofNewer = await readFile(newerFile)
  await t.rejects(openIn(t, join(directory, 'newer')).store(), { ...corrupt, message: /upgrade Ralph/ })
  t.same(await readFile(newerFile), ofNewer)
})

t.test('a damaged file is said to be damaged, and not to be a defect', async (t) => {
  const directory = t.testdir()
  const backend = openIn(t, directory)
  const store = await backend.store()
  for (let batch = 0; batch < 20; batch += 1) {
    await store.statements.insert(aBatch(...Array.from({ length: 100 }, () => aStatement())))
  }
  await backend.close()
  const file = join(directory, 'ralph.db')
  const content = await readFile(file)
  content.fill(0xa5, 4096 * 3)
  await writeFile(file, content)
  const damaged = openIn(t, directory)
  const read = async () => allPages(await damaged.store(), { limit: 100 })
  await t.rejects(read(), { name: 'RalphError', code: 'STORE_CORRUPT', message: new RegExp(file) })
})

t.test('a store that turns out to be damaged takes no more writes, and its status says so', async (t) => {
  const directory = t.testdir()
  const backend = openIn(t, directory)
  const store = await backend.store()
  for (let batch = 0; batch < 20; batch += 1) {
    await store.statements.insert(aBatch(...Array.from({ length: 100 }, () => aStatement())))
  }
  await backend.close()
  const file = join(directory, 'ralph.db')
  const content = await readFile(file)
  // Opening reads the schema and the newest statements, which stand elsewhere.
  const page = (share: number): number => Math.floor((content.length * share) / 4096) * 4096
  content.fill(0xa5, page(0.3), page(0.9))
  await writeFile(file, content)

  const damaged = openIn(t, directory)
  const { statements, documents } = await damaged.store()
  const corrupt = { name: 'RalphError', code: 'STORE_CORRUPT', message: new RegExp(file) }
  const readAll = async () => allPages(await damaged.store(), { limit: 100 })
  await t.rejects(readAll(), corrupt)
  await t.rejects(statements.insert(aBatch(aStatement())), corrupt, 'nothing is acknowledged that may be lost')
  const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'one' } as const
  const put = documents.change(key, () => ({ content: Buffer.from('{}'), contentType: 'application/json' }))
  await t.rejects(put, corrupt)
  t.match(await damaged.status(), { state: 'error', detail: /restore it from a backup/ })
  t.match(await damaged.status(), { state: 'error' }, 'it is not forgotten')
  await damaged.close()
})

t.test('a database that another program keeps locked is unavailable, and available again afterwards', async (t) => {
  const directory = t.testdir()
  const store = await openIn(t, directory).store()
  const other = new DatabaseSync(join(directory, 'ralph.db'))
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  await t.rejects(store.statements.insert(aBatch(aStatement())), { name: 'RalphError', code: 'STORE_UNAVAILABLE' })
  t.same(await allPages(store, {}), [], 'reading goes on')
  other.exec('ROLLBACK')
  await store.statements.insert(aBatch(aStatement()))
  t.equal((await allPages(store, {})).length, 1)
})

t.test('targets that cannot be file names are refused', async (t) => {
  const backend = openIn(t, t.testdir())
  for (const target of ['', '../up', 'a/b', 'a\\b', '.hidden', 'ä', 'a b', 'x'.repeat(101), 'a\0']) {
    await t.rejects(backend.store(target), { code: 'INVALID_SETTING', details: { target } }, JSON.stringify(target))
  }
})
