import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { ImportRecord } from '../../src/contracts/imports.ts'
import { tarGzOf, zipOf } from '../support/archives.ts'
import { testImports } from '../support/imports.ts'
import { sent } from '../support/requests.ts'

/** What means harm, or was damaged on the way, through a whole import: its own error, and nothing of it delivered or left. */

const statements = Array.from({ length: 40 }, () => sent())
const lines = statements.map((each) => `${JSON.stringify(each)}\n`).join('')
const good = { name: 'good.jsonl', content: lines }

/** Zeros, packed again and again: 10 GB would be of the same kind. */
const bomb = gzipSync(Buffer.alloc(2 ** 27), { level: 9 })

const nested = (depth: number): Buffer => {
  let content = Buffer.from(lines)
  for (let at = 0; at < depth; at += 1) content = gzipSync(content)
  return content
}

t.test('what means harm is refused whole, by an error of its own, and the record says so', async (t) => {
  const { import: bring, ids, staged } = await testImports(t)
  for (const [name, content, code] of [
    ['slip.zip', zipOf([good, { name: '../../out.jsonl', content: lines }]), 'UNSAFE_PATH'],
    ['slip.tgz', await tarGzOf([good, { name: '../out.jsonl', content: lines }]), 'UNSAFE_PATH'],
    ['absolute.tgz', await tarGzOf([good, { name: '/etc/out.jsonl', content: lines }]), 'UNSAFE_PATH'],
    ['link.tgz', await tarGzOf([good, { name: 'link', type: 'symlink', linkname: '/etc/passwd' }]), 'UNSAFE_LINK'],
    ['hard.tgz', await tarGzOf([good, { name: 'link', type: 'link', linkname: 'good.jsonl' }]), 'UNSAFE_LINK'],
    ['link.zip', zipOf([good, { name: 'link', content: '/etc/passwd', mode: 0o120777 }]), 'UNSAFE_LINK'],
    ['bomb.jsonl.gz', bomb, 'ARCHIVE_TOO_LARGE'],
    ['bomb.tgz', await tarGzOf([good, { name: 'bomb.gz', content: bomb }]), 'ARCHIVE_TOO_LARGE'],
    ['nested.gz', nested(6), 'ARCHIVE_TOO_DEEP'],
    ['lies.jsonl.gz', Buffer.from([1, 2, 3, 0, 5]), 'UNSUPPORTED_CONTENT'],
    ['picture.jsonl', Buffer.from([0x89, 0x50, 0, 1]), 'UNSUPPORTED_CONTENT'],
    ['empty.jsonl', '', 'UNSUPPORTED_CONTENT']
  ] as const) {
    const record: ImportRecord = await bring(name, content)
    t.match(record, { trouble: { code }, counts: { written: 0 } }, name)
    t.ok(['FAILED', 'SKIPPED'].includes(record.status), `${name}: ${record.status}`)
    t.same(staged(), [], `${name} leaves nothing in staging`)
  }
  t.same(await ids(), [], 'nothing was delivered')
  t.match(await bring('deep.gz', nested(5)), { status: 'DONE', counts: { written: 40 } }, 'what is within the limits')
})

t.test('an archive that is cut anywhere, or changed, delivers nothing', async (t) => {
  const { import: bring, ids, staged } = await testImports(t)
  const archives = { 'a.tgz': await tarGzOf([good]), 'a.zip': zipOf([good]), 'a.jsonl.gz': gzipSync(lines) }
  for (const [name, whole] of Object.entries(archives)) {
    const cuts = [1, 5, 20, whole.length >> 1, whole.length - 30, whole.length - 9, whole.length - 1]
    for (const cut of cuts) {
      const record = await bring(name, whole.subarray(0, cut))
      t.ok(['FAILED', 'SKIPPED'].includes(record.status), `${name} cut at ${cut}: ${record.status}`)
      t.equal(record.counts.written, 0, `${name} cut at ${cut}`)
    }
    const changed = Buffer.from(whole)
    changed[whole.length >> 1] = 255 - (changed[whole.length >> 1] ?? 0)
    t.match(await bring(name, changed), { status: 'FAILED', counts: { written: 0 } }, `${name} changed`)
  }
  t.same(await ids(), [])
  t.same(staged(), [])
})

t.test('bytes that are not those that were promised are not taken, and the record says so', async (t) => {
  const { import: bring, imports, staged } = await testImports(t)
  const promised = createHash('sha256').update('others').digest('hex')
  await t.rejects(bring('a.jsonl', lines, { sha256: promised }), { code: 'CHECKSUM_MISMATCH' })
  t.match(await imports.list(), [{ status: 'FAILED', trouble: { code: 'CHECKSUM_MISMATCH' } }])
  t.same(staged(), [])
})

t.test('of two who run one import at once, one works on it', async (t) => {
  const directory = t.testdir()
  const one = await testImports(t, { directory })
  const other = await testImports(t, { directory, backend: one.backend })
  const { id } = await one.imports.submit({
    door: 'test',
    reference: 'a',
    filename: 'a.jsonl',
    open: async function* () {
      yield Buffer.from(lines)
    }
  })
  const results = await Promise.allSettled([one.imports.run(id), other.imports.run(id)])
  const done = results.filter((each) => each.status === 'fulfilled')
  const refused = results.filter((each) => each.status === 'rejected')
  t.match(
    refused.map(({ reason }) => reason),
    refused.map(() => ({ code: 'IMPORT_IN_USE' }))
  )
  t.ok(done.length >= 1)
  t.match(await one.imports.find(id), { status: 'DONE', counts: { read: 40, written: 40, already: 0 } })
  t.equal((await one.ids()).length, 40)
})
