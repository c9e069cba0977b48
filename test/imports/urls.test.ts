import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { ImportRecord } from '../../src/contracts/imports.ts'
import { countingServer, serve } from '../support/downloads.ts'
import { type RalphOptions, ralph, runserver, startRalph } from '../support/ralph-process.ts'
import { sent } from '../support/requests.ts'
import { aUser } from '../support/users.ts'

const users = [await aUser('jane', 'secret'), await aUser('paul', 'secret', { scopes: ['statements/read'] })]
const as = (username: string) => `Basic ${Buffer.from(`${username}:secret`).toString('base64')}`

const statements = Array.from({ length: 2000 }, () => sent())
const lines = statements.map((each) => `${JSON.stringify(each)}\n`).join('')
const packed = gzipSync(lines, { level: 0 })
const sha256 = createHash('sha256').update(packed).digest('hex')

const aPlace = (t: Test, env: Readonly<Record<string, string>> = {}) => {
  const cwd = t.testdir({ app: { 'auth.json': JSON.stringify(users) }, files: {} })
  const app = join(cwd, 'app')
  return { cwd, app, env: { RALPH_APP_DIR: app, RALPH_TEMP_DIR: join(cwd, 'temp'), ...env } }
}

const staged = (app: string): readonly string[] => readdirSync(join(app, 'imports', 'staging'))

const imported = async (t: Test, words: readonly string[], options: RalphOptions): Promise<ImportRecord> => {
  const { stdout, stderr } = await ralph(t, ['import', '--json', ...words], options)
  t.not(stdout, '', stderr)
  return JSON.parse(stdout)
}

t.test('a URL is imported as a file is, and its record shows no credentials', async (t) => {
  const server = await countingServer(t, (_, response) => response.end(packed))
  const { app, cwd, ...options } = aPlace(t)
  const url = `${server.url.replace('//', '//me:secret@')}/day.jsonl.gz`
  const record = await imported(t, [url, '--sha256', sha256], options)
  t.match(record, { status: 'DONE', filename: 'day.jsonl.gz', sha256, counts: { written: 2000, rejected: 0 } })
  t.match(record.source, { door: 'command', reference: `${server.url.replace('//', '//(not shown)@')}/day.jsonl.gz` })
  t.match(server.requests[0]?.headers.authorization, /^Basic /)
  writeFileSync(join(cwd, 'files', 'a.jsonl'), lines)
  const directory = await imported(t, [`file://${join(cwd, 'files')}`], options)
  t.match(directory, { status: 'DONE', filename: 'files.tar', counts: { read: 2000, already: 2000 } })
  t.same(staged(app), [])
})

t.test('what a server refuses is final and says so; what passes is tried again with what is there', async (t) => {
  let fails = true
  const server = await countingServer(t, (request, response) => {
    if (request.url === '/gone') response.writeHead(404).end()
    else if (fails) response.writeHead(503, { 'retry-after': '100000' }).end()
    else response.end(packed)
  })
  const { app, cwd: _, ...options } = aPlace(t)
  t.match(await imported(t, [`${server.url}/gone`], options), { status: 'FAILED', trouble: { code: 'NOT_FOUND' } })
  const wrong = await imported(t, [`${server.url}/x`, '--sha256', '0'.repeat(64)], options)
  t.match(wrong, { status: 'RETRY', trouble: { code: 'STORE_UNAVAILABLE' } })
  fails = false
  await ralph(t, ['imports', 'retry', wrong.id], options)
  const shown = async (id: string): Promise<ImportRecord> =>
    JSON.parse((await ralph(t, ['imports', 'show', id], options)).stdout)
  t.match(await shown(wrong.id), { status: 'FAILED', trouble: { code: 'CHECKSUM_MISMATCH' }, counts: { written: 0 } })
  t.match(await ralph(t, ['import', 'nosuch::x'], options), { code: 2, stderr: /there is no getter nosuch/ })
  t.same(staged(app), [])
})

t.test('an answer that never ends is given up at the limit, and nothing of it is left', async (t) => {
  const block = Buffer.alloc(2 ** 16, 'x')
  let sentBytes = 0
  const server = await countingServer(t, (request, response) => {
    const more = (): void => {
      for (let isRoom = true; isRoom && !request.socket.destroyed; sentBytes += block.length)
        isRoom = response.write(block)
    }
    response.on('drain', more)
    more()
  })
  const { app, cwd: _, ...options } = aPlace(t, { RALPH_IMPORTS_MAX_SIZE: '1MB' })
  const record = await imported(t, [`${server.url}/for-ever.jsonl`], options)
  t.match(record, { status: 'FAILED', trouble: { code: 'ARCHIVE_TOO_LARGE', message: /RALPH_IMPORTS_MAX_SIZE/ } })
  t.ok(sentBytes > 1_000_000 && sentBytes < 50_000_000, `${sentBytes} bytes were taken`)
  t.same(staged(app), [])
})

t.test('a repository is imported, and of a directory of it what is in there', async (t) => {
  const { app, cwd, ...options } = aPlace(t)
  const repository = join(cwd, 'files')
  mkdirSync(join(repository, '2026'))
  writeFileSync(join(repository, '2026', 'day.jsonl'), lines)
  writeFileSync(join(repository, 'other.jsonl'), 'not JSON\n')
  const git = (...words: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words], { cwd: repository })
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'events')
  const record = await imported(t, [`git::file://${repository}//2026`], options)
  t.match(record, { status: 'DONE', counts: { read: 2000, written: 2000, rejected: 0 } })
  const missing = await imported(t, [`git::file://${repository}?ref=nosuch`], options)
  t.match(missing, { status: 'FAILED', trouble: { code: 'NOT_FOUND' }, counts: { read: 0 } })
  t.same(staged(app), [])
})

t.test('an import whose process is killed while it fetches goes on where it was', async (t) => {
  const server = await countingServer(t, (request, response) => serve(request, response, packed))
  const { app, cwd: _, ...options } = aPlace(t, { RALPH_DOWNLOADMANAGER__BANDWIDTH: '100kB' })
  const child = startRalph(t, ['import', `${server.url}/x.gz`], options)
  const isBegun = (): boolean => {
    const there = existsSync(join(app, 'imports', 'staging'))
    const names = there ? readdirSync(join(app, 'imports', 'staging'), { recursive: true, encoding: 'utf8' }) : []
    return names.some((name) => name.endsWith('.part.json'))
  }
  // A place to go on from is durable.
  for (const end = Date.now() + 60_000; !isBegun() && Date.now() < end; ) await wait(20)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const env = { ...options.env, RALPH_DOWNLOADMANAGER__BANDWIDTH: '100MB' }
  t.match(await ralph(t, ['imports', 'run'], { env }), { code: 0 })
  t.match(server.requests.at(-1)?.headers.range, /^bytes=[1-9]\d+-$/)
  const listed = await ralph(t, ['imports', 'list', '--json'], { env })
  t.match(JSON.parse(listed.stdout), { status: 'DONE', sha256, counts: { written: 2000 } })
  t.same(staged(app), [])
})

t.test('by HTTP a URL goes to the hosts that the operator allows, and nowhere inside', async (t) => {
  const source = await countingServer(t, (request, response) => {
    if (request.url === '/inside') response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()
    else response.end(packed)
  })
  const outside = source.url.replace('127.0.0.1', 'localhost')
  const ask = async (url: string, body: unknown, username = 'jane') => {
    const headers = { authorization: as(username), 'content-type': 'application/json' }
    const answer = await fetch(`${url}/imports`, { method: 'POST', headers, body: JSON.stringify(body) })
    const { id, error } = (await answer.json()) as { readonly id?: string; readonly error?: string }
    return { status: answer.status, id, error, location: answer.headers.get('location') }
  }
  const enabled = {
    RALPH_IMPORTS_ENABLED: 'true',
    RALPH_LRS_RESTRICT_BY_SCOPES: 'true',
    RALPH_LRS_RESTRICT_BY_AUTHORITY: 'true'
  }
  const off = await runserver(t, ['-h', '127.0.0.1'], aPlace(t, enabled))
  const refused = await ask(off.url, { url: `${outside}/x` })
  t.match(refused, { status: 403 }, 'without hosts nobody names a URL')
  await off.stop()

  const hosts = { ...enabled, RALPH_IMPORTS_URL_HOSTS: 'localhost', RALPH_IMPORTS_URL_NETWORKS: '127.0.0.0/8,::1' }
  const place = aPlace(t, hosts)
  const server = await runserver(t, ['-h', '127.0.0.1'], place)
  const settled = async (id: string | undefined): Promise<ImportRecord> => {
    for (const end = Date.now() + 20_000; ; ) {
      const answer = await fetch(`${server.url}/imports/${id}`, { headers: { authorization: as('jane') } })
      const record = (await answer.json()) as ImportRecord
      if (record.finished !== undefined || Date.now() > end) return record
      await wait(50)
    }
  }
  const taken = await ask(server.url, { url: `${outside}/day.gz`, sha256 })
  t.match(taken, { status: 202, location: `/imports/${taken.id}` })
  t.match(await settled(taken.id), { status: 'DONE', source: { door: 'url', user: 'jane' }, counts: { written: 2000 } })
  const redirected = await ask(server.url, { url: `${outside}/inside` })
  t.match(await settled(redirected.id), { status: 'FAILED', trouble: { code: 'FORBIDDEN', message: /URL_HOSTS/ } })
  const asked = source.requests.length
  for (const [body, status] of [
    [{ url: `${source.url}/x` }, 403],
    [{ url: 'http://example.org/x' }, 403],
    [{ url: 'file:///etc/passwd' }, 403],
    [{ url: 's3://bucket/key' }, 403],
    [{ url: 'git::http://localhost/x' }, 403],
    [{ url: 'http://[' }, 400],
    [{ url: 5 }, 400],
    [{ url: outside, sha256: 'x' }, 400],
    ['', 400]
  ] as const) {
    t.equal((await ask(server.url, body)).status, status, JSON.stringify(body))
  }
  t.equal((await ask(server.url, { url: outside }, 'paul')).status, 403)
  t.equal(source.requests.length, asked)
  t.same(staged(place.app), [])
  await server.stop()

  const { RALPH_IMPORTS_URL_NETWORKS: _, ...publicOnly } = hosts
  const second = aPlace(t, publicOnly)
  const strict = await runserver(t, ['-h', '127.0.0.1'], second)
  const inner = await ask(strict.url, { url: `${outside}/day.gz` })
  for (const end = Date.now() + 20_000; Date.now() < end; await wait(50)) {
    const { stdout } = await ralph(t, ['imports', 'show', inner.id ?? ''], second)
    if (JSON.parse(stdout).finished === undefined) continue
    t.match(JSON.parse(stdout), { status: 'FAILED', trouble: { code: 'FORBIDDEN', message: /URL_NETWORKS/ } })
    break
  }
  t.equal(source.requests.length, asked)
})
