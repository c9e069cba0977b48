import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { aBatch, aStatement } from '../support/statements.ts'

const mebibyte = 2 ** 20
const contentType = 'application/octet-stream'
const scope = { kind: 'state', activity: 'http://example.org/a', agent: 'mbox::mailto:a@example.org' } as const
const key = { ...scope, id: 'large' }

const opened = async (t: Test, directory: string) => {
  const backend = openSqlite({ directory }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  return { close: () => backend.close(), store: await backend.store() }
}

/** What is left in the file, once it is closed. */
const partsIn = (directory: string): number => {
  const database = new DatabaseSync(join(directory, 'ralph.db'), { readOnly: true })
  const [count] = Object.values(database.prepare('SELECT count(DISTINCT owner) FROM part').get() ?? {})
  database.close()
  return Number(count)
}

t.test('a large document is read, replaced, shown without its content, removed, and leaves nothing', async (t) => {
  const directory = t.testdir()
  const first = await opened(t, directory)
  const [one, two] = [randomBytes(3 * mebibyte + 17), randomBytes(2 * mebibyte)]
  await first.store.documents.change(key, () => ({ content: one, contentType }))
  await first.close()
  t.equal(partsIn(directory), 1)

  const { store, close } = await opened(t, directory)
  const { documents } = store
  const found = await documents.get(key)
  t.ok(found && one.equals(found.content), 'as it was, after a restart')
  t.equal(found?.etag, createHash('sha1').update(one).digest('hex'))
  await documents.change(key, (present) => {
    t.equal(present?.lacksContent, true)
    t.equal(present?.etag, found?.etag)
    return present
  })
  const [page = []] = [await store.copy?.documents(undefined, 10)]
  t.ok(page[0] && one.equals(page[0].document.content), 'copied as it is')

  // Whoever reads while it is replaced has the one or the other.
  const reads = Promise.all(Array.from({ length: 3 }, () => documents.get(key)))
  await documents.change(key, () => ({ content: two, contentType }))
  for (const read of await reads) t.ok(read && (one.equals(read.content) || two.equals(read.content)))
  t.ok(two.equals((await documents.get(key))?.content ?? Buffer.of()))

  await documents.change({ ...key, id: 'other' }, () => ({ content: one, contentType }))
  await documents.change({ ...key, id: 'small' }, () => ({ content: Buffer.from('s'), contentType }))
  await documents.change(key, () => undefined)
  t.equal(await documents.get(key), undefined)
  await documents.clear(scope)
  t.same(await documents.ids(scope), [])
  await close()
  t.equal(partsIn(directory), 0)
})

t.test('a large attachment is read as it was, and one that is sent again is kept once', async (t) => {
  const directory = t.testdir()
  const { store, close } = await opened(t, directory)
  const content = randomBytes(mebibyte + 1)
  const sha2 = createHash('sha256').update(content).digest('hex')
  for (let round = 0; round < 2; round += 1) {
    await store.statements.insert({ ...aBatch(aStatement()), attachments: [{ sha2, content }] })
  }
  for await (const attachment of store.attachments.read([sha2])) t.ok(content.equals(attachment.content))
  await close()
  t.equal(partsIn(directory), 1)
})

t.test('what an earlier version kept in one row is read and replaced', async (t) => {
  const directory = t.testdir()
  const first = await opened(t, directory)
  await first.store.documents.change(key, () => ({ content: Buffer.from('x'), contentType }))
  await first.close()
  const whole = randomBytes(mebibyte)
  const database = new DatabaseSync(join(directory, 'ralph.db'))
  // As the first version of the tables has it.
  database.exec('DROP TABLE part; ALTER TABLE document DROP COLUMN parts; ALTER TABLE attachment DROP COLUMN parts')
  database.prepare('UPDATE document SET content = ?').run(whole)
  database.exec('PRAGMA user_version = 1')
  database.close()

  const { store, close } = await opened(t, directory)
  t.ok(whole.equals((await store.documents.get(key))?.content ?? Buffer.of()))
  const next = randomBytes(mebibyte)
  await store.documents.change(key, (present) => {
    t.ok(present && whole.equals(present.content))
    return { content: next, contentType }
  })
  t.ok(next.equals((await store.documents.get(key))?.content ?? Buffer.of()))
  await close()
  t.equal(partsIn(directory), 1)
})
