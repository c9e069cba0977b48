import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import { RalphError } from '../../src/errors.ts'
import { line, tarGzOf } from '../support/archives.ts'
import { aDirectory, downloader } from '../support/downloads.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { lacks, lacksFtp, lacksHg, serveByFtp } from '../support/programs.ts'
import { ralph } from '../support/ralph-process.ts'
import { aBucket, s3AccessOf, s3ClientOf } from '../support/s3.ts'

const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false']

/** Two commits; the first has the tag v1. */
const gitRepository = (t: Test): { readonly path: string; readonly git: (...words: readonly string[]) => string } => {
  const path = join(aDirectory(t), 'repository')
  mkdirSync(join(path, 'sub'), { recursive: true })
  const git = (...words: readonly string[]): string =>
    execFileSync('git', ['-C', path, ...identity, ...words], { encoding: 'utf8' }).trim()
  git('init', '--quiet', '--initial-branch=main')
  for (const content of ['one', 'two']) {
    writeFileSync(join(path, 'sub', 'x'), content)
    git('add', '.')
    git('commit', '--quiet', '-m', content)
    if (content === 'one') git('tag', 'v1')
  }
  return { path, git }
}

t.test('git: a branch, a tag, a commit, a subdirectory', { skip: lacks('git', ['--version'], 'git') }, async (t) => {
  const { path, git } = gitRepository(t)
  const first = git('rev-parse', 'v1')
  const download = downloader(t)
  const got = async (query: string): Promise<string> => {
    const to = await download(`git::file://${path}//sub${query}`, aDirectory(t))
    t.same(readdirSync(to), ['x'])
    return readFileSync(join(to, 'x'), 'utf8')
  }
  t.equal(await got(''), 'two')
  t.equal(await got('?ref=main'), 'two')
  t.equal(await got('?ref=v1'), 'one')
  t.equal(await got(`?ref=${first}`), 'one')
  t.equal(await got(`?ref=${first.slice(0, 10)}`), 'one')
  const whole = await download(`git::file://${path}`)
  t.same(readdirSync(whole), ['sub'], 'without its history')
  await t.rejects(download(`git::file://${path}?ref=none`), { code: 'NOT_FOUND' })
  await t.rejects(download(`git::file://${path}-none`), { code: 'NOT_FOUND' })
  symlinkSync('/etc/passwd', join(path, 'link'))
  git('add', '.')
  git('commit', '--quiet', '-m', 'link')
  await t.rejects(download(`git::file://${path}`, aDirectory(t), { enabled: false }), { code: 'UNSAFE_LINK' })
})

t.test('a URL runs no program', async (t) => {
  const directory = aDirectory(t)
  const made = join(directory, 'made')
  const download = downloader(t)
  for (const url of [
    `git::ext::touch ${made}`,
    `git::ssh://-oProxyCommand=touch%20${made}/x`,
    `hg::ssh://-oProxyCommand=touch%20${made}/x`,
    `git::file:///x?ref=--upload-pack=touch%20${made}`,
    `hg::file:///x?rev=--config=alias.clone=!touch%20${made}`
  ]) {
    await t.rejects(download(url), { name: 'RalphError' }, url)
  }
  t.notOk(existsSync(made))
})

t.test('hg: a revision, a subdirectory', { skip: lacksHg }, async (t) => {
  const path = join(aDirectory(t), 'repository')
  mkdirSync(join(path, 'sub'), { recursive: true })
  const hg = (...words: readonly string[]): unknown => execFileSync('hg', ['--cwd', path, ...words])
  hg('init')
  for (const content of ['one', 'two']) {
    writeFileSync(join(path, 'sub', 'x'), content)
    hg('commit', '--quiet', '--addremove', '-m', content, '-u', 't')
  }
  const download = downloader(t)
  for (const [query, content] of [
    ['', 'two'],
    ['?rev=0', 'one']
  ] as const) {
    const to = await download(`hg::${path}//sub${query}`, aDirectory(t))
    t.equal(readFileSync(join(to, 'x'), 'utf8'), content)
  }
  await t.rejects(download(`hg::${path}?rev=nothing`), { code: 'NOT_FOUND' })
})

t.test('ftp: with and without a name, and on where it broke off', { skip: lacksFtp }, async (t) => {
  const home = aDirectory(t)
  const content = randomBytes(300_000)
  writeFileSync(join(home, 'x y.bin'), content)
  writeFileSync(join(home, 'x.tgz'), await tarGzOf([{ name: 'l.txt', content: line }]))
  const place = await serveByFtp(t, home)
  const download = downloader(t)
  t.same(readFileSync(await download(`ftp://me:secret@${place}/x%20y.bin`)), content)
  const to = await download(`ftp://${place}/x.tgz`, aDirectory(t))
  t.equal(readFileSync(join(to, 'l.txt'), 'utf8'), line)
  await t.rejects(download(`ftp://${place}/none`), { code: 'NOT_FOUND' })
  await t.rejects(download(`ftp://me:wrong@${place}/x.tgz`), { code: 'UNAUTHENTICATED' })
  // Stopped in the middle, it goes on there.
  const again = downloader(t)
  const url = `ftp://me:secret@${place}/x%20y.bin`
  const interrupted = new AbortController()
  let spent = 0
  const bandwidth = {
    spend: async (bytes: number) => {
      spent += bytes
      if (spent > 100_000) interrupted.abort(new RalphError('INTERRUPTED', 'stopped'))
    }
  }
  await t.rejects(again(url, undefined, { bandwidth, signal: interrupted.signal }), { code: 'INTERRUPTED' })
  t.same(readFileSync(await again(url, undefined, { bandwidth })), content)
  t.ok(spent <= content.length + 2 ** 17, `${spent} of ${content.length} bytes`)
})

t.test('files and directories of this machine', async (t) => {
  const from = aDirectory(t)
  writeFileSync(join(from, 'x.tgz'), await tarGzOf([{ name: 'l.txt', content: line }]))
  const download = downloader(t)
  const to = aDirectory(t)
  t.equal(await download(join(from, 'x.tgz'), to), to)
  t.equal(readFileSync(join(to, 'l.txt'), 'utf8'), line)
  t.equal(await download(`file://${from}/x.tgz?archive=false`, to), join(to, 'x.tgz'))
  t.same(readdirSync(await download(from)), ['x.tgz'], 'a directory is copied')
  await t.rejects(download(`${from}/none`), { code: 'NOT_FOUND' })
  await t.rejects(download('nothing-of-this-name'), { code: 'INVALID_QUERY' })
  symlinkSync('/etc', join(from, 'link'))
  await t.rejects(download(from), { code: 'UNSAFE_LINK' })
})

const engine = await engineFor('s3')

t.test(
  's3: an object of the server of the settings, and of another one',
  {
    skip: 'missing' in engine ? engine.missing : false
  },
  async (t) => {
    if ('missing' in engine) return
    const Bucket = await aBucket(t, engine.url)
    const client = s3ClientOf(engine.url)
    const Body = await tarGzOf([{ name: 'l.txt', content: line }])
    await client.send(new PutObjectCommand({ Bucket, Key: 'a/x.tgz', Body }))
    client.destroy()
    const { endpoint, accessKeyId, secretAccessKey } = s3AccessOf(engine.url)
    const prefix = 'RALPH_BACKENDS__DATA__S3__'
    const directory = aDirectory(t)
    const env = {
      RALPH_TEMP_DIR: directory,
      RALPH_APP_DIR: directory,
      [`${prefix}ACCESS_KEY_ID`]: accessKeyId,
      [`${prefix}SECRET_ACCESS_KEY`]: secretAccessKey
    }
    for (const [url, more] of [
      [`s3://${Bucket}/a/x.tgz`, { [`${prefix}ENDPOINT_URL`]: endpoint }],
      [`s3::${endpoint}/${Bucket}/a/x.tgz`, {}]
    ] as const) {
      const to = aDirectory(t)
      const { code, stdout, stderr } = await ralph(t, ['download', url, to], { env: { ...env, ...more } })
      t.equal(code, 0, stderr)
      t.equal(stdout, `${to}\n`)
      t.equal(readFileSync(join(to, 'l.txt'), 'utf8'), line)
    }
    const none = await ralph(t, ['download', `s3::${endpoint}/${Bucket}/none`], { env })
    t.equal(none.code, 1)
    t.match(none.stderr, /none is not there/)
  }
)
