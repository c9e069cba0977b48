import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { ImportRecord } from '../../src/contracts/imports.ts'
import { tarGzOf, zipOf } from '../support/archives.ts'
import { ralph } from '../support/ralph-process.ts'
import { sent } from '../support/requests.ts'

/** A disk that is full (a limit on the size of files, in KiB) in each step of an import: nothing is lost, and it goes on later. */

const aPlace = (t: Test, name: string, content: Uint8Array | string) => {
  const app = t.testdir({})
  writeFileSync(join(app, name), content)
  const options = { env: { RALPH_APP_DIR: app } }
  const staging = join(app, 'imports', 'staging')
  return {
    file: join(app, name),
    options,
    staged: (): readonly string[] =>
      existsSync(staging) ? readdirSync(staging, { recursive: true, encoding: 'utf8' }) : [],
    run: (words: readonly string[], fileLimit?: number) =>
      ralph(t, words, fileLimit === undefined ? options : { ...options, fileLimit }),
    shown: async (): Promise<ImportRecord> =>
      JSON.parse((await ralph(t, ['imports', 'list', '--json'], options)).stdout)
  }
}

/** Statements that are long, and of which no two are alike. */
const lines = (count: number): string =>
  Array.from({ length: count }, () => {
    const statement = sent()
    const context = { platform: 'x'.repeat(2000) }
    return `${JSON.stringify({ ...statement, context })}\n`
  }).join('')

t.test('while the bytes come in: they are not taken, and nothing of them is left', async (t) => {
  const place = aPlace(t, 'large.jsonl', lines(1200))
  const { code, stderr } = await place.run(['import', place.file], 2000)
  t.equal(code, 1)
  t.match(stderr, /EFBIG|full|large/i)
  t.match(await place.shown(), { status: 'FAILED', trouble: { code: 'STORE_FULL' }, counts: { written: 0 } })
  t.same(place.staged(), [])
})

t.test('while an archive in an archive is unpacked: it is tried again, and whole then', async (t) => {
  // In a zip that is stored, so that it is large once it is taken out.
  const inner = zipOf([
    { name: 'a.jsonl', content: lines(20) },
    { name: 'b.bin', content: '0'.repeat(2_600_000) + randomBytes(8).toString('hex') }
  ])
  const place = aPlace(t, 'nested.tgz', await tarGzOf([{ name: 'inner.zip', content: inner }]))
  t.comment(`${inner.length} bytes`)
  await place.run(['import', place.file], 2000)
  const failed = await place.shown()
  t.match(failed, { status: 'RETRY', trouble: { code: 'STORE_FULL' }, counts: { written: 0 } })
  t.same(
    place.staged().map((each) => each.split('/').length),
    [1, 2],
    'only the bytes as they came'
  )
  t.match(await place.run(['imports', 'retry', failed.id]), { code: 0 })
  t.match(await place.shown(), { status: 'DONE', counts: { written: 20 } })
  t.same(place.staged(), [])
})

t.test('at the destination: it is tried again, and every statement is there once', async (t) => {
  const place = aPlace(t, 'many.jsonl.gz', gzipSync(lines(2000)))
  await place.run(['import', place.file], 2000)
  const failed = await place.shown()
  t.match(failed, { status: 'RETRY', trouble: { code: 'STORE_FULL' } })
  t.ok(failed.counts.written < 2000, `${failed.counts.written} were written`)
  t.match(await place.run(['imports', 'retry', failed.id]), { code: 0 })
  const { counts, status } = await place.shown()
  t.match({ status, rejected: counts.rejected, read: counts.read }, { status: 'DONE', rejected: 0, read: 2000 })
  t.equal(counts.written + counts.already, 2000)
  t.same(place.staged(), [])
})

t.test('in the report of what was rejected: it is tried again, and each record is in it once', async (t) => {
  const bad = `${JSON.stringify({ actor: 1, note: 'x'.repeat(2000) })}\n`
  const place = aPlace(t, 'bad.jsonl.gz', gzipSync(lines(1) + bad.repeat(1500)))
  await place.run(['import', place.file], 2000)
  const failed = await place.shown()
  t.match(failed, { status: 'RETRY', trouble: { code: 'STORE_FULL' } })
  await place.run(['imports', 'retry', failed.id])
  t.match(await place.shown(), { status: 'DONE', counts: { read: 1501, rejected: 1500 } })
  const { stdout } = await place.run(['imports', 'show', '--rejected', failed.id])
  t.equal(stdout.trim().split('\n').length, 1500)
})

t.test('in the records of imports: the command says so, and nothing is left in staging', async (t) => {
  const place = aPlace(t, 'few.jsonl', lines(3))
  const { code, stderr } = await place.run(['import', place.file], 16)
  t.equal(code, 1)
  t.match(stderr, /imports\.db/)
  t.same(place.staged(), [])
  t.match(await place.run(['import', place.file]), { code: 0 })
  t.match(await place.shown(), { status: 'DONE', counts: { written: 3 } })
})
