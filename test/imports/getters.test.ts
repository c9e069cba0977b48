import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import type { ImportRecord } from '../../src/contracts/imports.ts'
import { tarGzOf } from '../support/archives.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { lacksFtp, lacksHg, serveByFtp } from '../support/programs.ts'
import { ralph } from '../support/ralph-process.ts'
import { sent } from '../support/requests.ts'
import { aBucket, s3AccessOf, s3ClientOf } from '../support/s3.ts'

/** `ralph import URL` and `ralph download --import`, from a server of each kind to the statements. */

const lines = (count: number): string => Array.from({ length: count }, () => `${JSON.stringify(sent())}\n`).join('')

const aPlace = (t: Test) => {
  const app = mkdtempSync(join(tmpdir(), 'ralph-getters-'))
  t.teardown(() => rm(app, { recursive: true, force: true, maxRetries: 3 }))
  const env = { RALPH_APP_DIR: app, RALPH_TEMP_DIR: join(app, 'temp') }
  return {
    app,
    run: (words: readonly string[], more: Readonly<Record<string, string>> = {}) =>
      ralph(t, words, { env: { ...env, ...more } }),
    shown: async (): Promise<readonly ImportRecord[]> =>
      (await ralph(t, ['imports', 'list', '--json'], { env })).stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
  }
}

t.test('ftp', { skip: lacksFtp }, async (t) => {
  const { app, run, shown } = aPlace(t)
  const home = join(app, 'home')
  mkdirSync(home)
  writeFileSync(join(home, 'day one.tgz'), await tarGzOf([{ name: 'a.jsonl', content: lines(5) }]))
  const place = await serveByFtp(t, home)
  const { code, stderr } = await run(['import', `ftp://me:secret@${place}/day%20one.tgz`])
  t.equal(code, 0, stderr)
  t.match(await run(['import', `ftp://${place}/none.jsonl`]), { code: 1, stdout: /FAILED.*NOT_FOUND/ })
  const [none, record] = await shown()
  t.match(record, {
    source: { door: 'command', reference: `ftp://(not shown)@${place}/day%20one.tgz` },
    filename: 'day one.tgz',
    status: 'DONE',
    counts: { read: 5, written: 5 }
  })
  t.match(none, { status: 'FAILED', trouble: { code: 'NOT_FOUND' } })
  t.same(readdirSync(join(app, 'imports', 'staging')), [])
})

t.test('hg', { skip: lacksHg }, async (t) => {
  const { app, run, shown } = aPlace(t)
  const path = join(app, 'repository')
  mkdirSync(join(path, '2026'), { recursive: true })
  const hg = (...words: readonly string[]): unknown => execFileSync('hg', ['--cwd', path, ...words])
  hg('init')
  for (const count of [4, 6]) {
    writeFileSync(join(path, '2026', 'a.jsonl'), lines(count))
    writeFileSync(join(path, 'b.jsonl'), lines(1))
    hg('commit', '--quiet', '--addremove', '-m', 'day', '-u', 't')
  }
  for (const url of [`hg::${path}//2026?rev=0`, `hg::${path}`]) {
    const { code, stderr } = await run(['import', url])
    t.equal(code, 0, stderr)
  }
  const [whole, first] = await shown()
  t.match(first, { status: 'DONE', counts: { read: 4, written: 4 } }, 'a directory of the first revision')
  t.match(whole, { status: 'DONE', counts: { read: 7, written: 7 } })
})

const s3 = await engineFor('s3')
t.test('s3, imported and downloaded', { skip: 'missing' in s3 && s3.missing }, async (t) => {
  if ('missing' in s3) return
  const { app, run, shown } = aPlace(t)
  const bucket = await aBucket(t, s3.url)
  const { endpoint, accessKeyId, secretAccessKey } = s3AccessOf(s3.url)
  const client = s3ClientOf(s3.url)
  const Body = await tarGzOf([
    { name: 'in/a.jsonl', content: lines(5) },
    { name: 'in/b.jsonl', content: lines(3) }
  ])
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: '2026/day.tar.gz', Body }))
  client.destroy()
  const of = 'RALPH_BACKENDS__DATA__S3__'
  const secrets = { [`${of}ACCESS_KEY_ID`]: accessKeyId, [`${of}SECRET_ACCESS_KEY`]: secretAccessKey }
  const url = `s3::${endpoint}/${bucket}/2026/day.tar.gz`
  const imported = await run(['import', url], secrets)
  t.equal(imported.code, 0, imported.stderr)

  const to = join(app, 'out')
  mkdirSync(to)
  writeFileSync(join(to, 'mine.jsonl'), lines(1))
  const downloaded = await run(['download', url, to, '--import'], secrets)
  t.equal(downloaded.code, 0, downloaded.stderr)
  t.equal(downloaded.stdout, `${to}\n`, 'standard output has the directory, and nothing else')
  t.equal(
    readFileSync(join(to, 'in', 'b.jsonl'), 'utf8')
      .trim()
      .split('\n').length,
    3
  )
  const [second, first] = await shown()
  t.match(first, { source: { door: 'command' }, status: 'DONE', counts: { read: 8, written: 8 } })
  t.match(second, {
    source: { door: 'download', reference: url },
    filename: 'day.tar.gz',
    status: 'DONE',
    counts: { read: 8, already: 8 }
  })
  t.equal(first?.sha256, second?.sha256)
})

t.test('what is downloaded from several URLs is imported, and what cannot be is said', async (t) => {
  const { app, run, shown } = aPlace(t)
  const from = join(app, 'from')
  mkdirSync(join(from, 'days'), { recursive: true })
  writeFileSync(join(from, 'days', 'a.jsonl'), lines(2))
  writeFileSync(join(from, 'x.bin'), Buffer.from([0, 1, 2]))
  writeFileSync(join(app, 'urls'), `${from}/days\n${from}/x.bin\n${from}/none\n`)
  const result = await run(['download', '-i', join(app, 'urls'), join(app, 'out'), '--import'])
  t.equal(result.code, 1)
  t.match(result.stderr, /none/)
  t.match(result.stderr, /x\.bin.*UNSUPPORTED_CONTENT/)
  t.match((await shown()).map(({ filename, status }) => `${filename} ${status}`).sort(), [
    'days.tar DONE',
    'x.bin SKIPPED'
  ])
  t.same(readdirSync(join(app, 'out')).sort(), ['a.jsonl', 'x.bin'])
})
