import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { ImportRecord } from '../../src/contracts/imports.ts'
import { type RalphOptions, ralph, runserver, startRalph } from '../support/ralph-process.ts'
import { sent } from '../support/requests.ts'
import { aUser } from '../support/users.ts'

const users = [await aUser('jane', 'secret'), await aUser('paul', 'secret', { scopes: ['profile/read'] })]
const as = (username: string) => ({
  authorization: `Basic ${Buffer.from(`${username}:secret`).toString('base64')}`
})

/** An application directory with users, and a directory for files. */
const aPlace = (t: Test) => {
  const cwd = t.testdir({ app: { 'auth.json': JSON.stringify(users) }, files: {} })
  return { cwd, files: join(cwd, 'files'), env: { RALPH_APP_DIR: join(cwd, 'app') } }
}

const linesOf = (statements: readonly object[]): string =>
  statements.map((each) => `${JSON.stringify(each)}\n`).join('')

interface Stored {
  readonly id: string
  readonly authority: { readonly mbox?: string }
}

/** All statements in the LRS, as a server shows them, in the order of their ids. */
const readStored = async (t: Test, options: RalphOptions): Promise<readonly Stored[]> => {
  const server = await runserver(t, ['-h', '127.0.0.1'], options)
  const url = server.url.replace('//', '//jane:secret@')
  const { code, stdout, stderr } = await ralph(t, ['read', '-b', 'lrs', '--lrs-base-url', url], options)
  t.equal(code, 0, stderr)
  await server.stop()
  return stdout
    .trim()
    .split('\n')
    .map((line): Stored => JSON.parse(line))
    .sort((one, other) => (one.id < other.id ? -1 : 1))
}

const idsStored = async (t: Test, options: RalphOptions): Promise<readonly string[]> =>
  (await readStored(t, options)).map(({ id }) => id)

t.test('a file that is imported twice is stored once, and each import has its record', async (t) => {
  const { files, ...options } = aPlace(t)
  const statements = Array.from({ length: 30 }, () => sent())
  writeFileSync(join(files, 'a.jsonl.gz'), gzipSync(linesOf(statements)))
  writeFileSync(join(files, 'b.jsonl'), `${linesOf(statements.slice(0, 5))}{"actor":1}\n`)
  const dry = await ralph(t, ['import', '--dry-run', files], options)
  t.equal(dry.code, 0, dry.stderr)
  t.match(dry.stdout, /30 read, 30 written, 0 existed already, 0 rejected/)
  t.match(await ralph(t, ['imports', 'list'], options), { code: 0, stdout: '' }, 'a dry run keeps nothing')

  const { code, stdout, stderr } = await ralph(t, ['import', '--json', files], options)
  t.equal(code, 0, stderr)
  const records: ImportRecord[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(records, [
    { filename: 'a.jsonl.gz', status: 'DONE', counts: { read: 30, written: 30, already: 0, rejected: 0 } },
    { filename: 'b.jsonl', status: 'DONE', counts: { read: 6, written: 0, already: 5, rejected: 1 } }
  ])
  const rejected = await ralph(t, ['imports', 'show', '--rejected', records[1]?.id ?? ''], options)
  t.match(JSON.parse(rejected.stdout), { reason: String, line: 6 })
  t.same(await idsStored(t, options), statements.map(({ id }) => id).sort())
  t.match(await ralph(t, ['imports', 'show', 'nosuch'], options), { code: 1, stderr: /there is no import nosuch/ })
})

t.test('the server works on what waits, and shows it to those who may see it', async (t) => {
  const { files, cwd, env } = aPlace(t)
  const options = {
    cwd,
    env: {
      ...env,
      RALPH_IMPORTS_ENABLED: 'true',
      RALPH_LRS_RESTRICT_BY_SCOPES: 'true',
      RALPH_LRS_RESTRICT_BY_AUTHORITY: 'true'
    }
  }
  const server = await runserver(t, ['-h', '127.0.0.1'], options)
  const statements = Array.from({ length: 20 }, () => sent())
  writeFileSync(join(files, 'a.jsonl'), linesOf(statements))
  const queued = await ralph(t, ['import', '--queue', '--json', join(files, 'a.jsonl')], options)
  t.equal(queued.code, 0, queued.stderr)
  const { id }: ImportRecord = JSON.parse(queued.stdout)
  const ask = (path: string, username = 'jane', method = 'GET') =>
    fetch(`${server.url}/imports${path}`, { method, headers: as(username) })
  const limit = Date.now() + 30_000
  const find = async () => (await (await ask(`/${id}`)).json()) as ImportRecord
  let record = await find()
  while (record.status !== 'DONE' && Date.now() < limit) {
    await wait(100)
    record = await find()
  }
  t.match(record, { id, status: 'DONE', counts: { written: 20, rejected: 0 } })
  t.match(await (await ask('')).json(), { imports: [{ id }] })
  const again = await ralph(t, ['import', '--queue', '--json', join(files, 'a.jsonl')], options)
  const second: ImportRecord = JSON.parse(again.stdout)
  const page = (await (await ask('?limit=1&door=command')).json()) as { imports: ImportRecord[]; more: string }
  t.match(page, { imports: [{ id: second.id }], more: String })
  t.match(await (await ask(page.more.replace('/imports', ''))).json(), { imports: [{ id }], more: undefined })
  t.match(await (await ask('?door=mirror')).json(), { imports: [] })
  t.equal((await ask('?after=none')).status, 400)
  t.match(await (await ask('?status=FAILED')).json(), { imports: [] })
  const there = await fetch(`${server.url}/xAPI/statements?limit=50`, { headers: as('jane') })
  t.match(await there.json(), { statements: Array.from({ length: 20 }, () => ({ id: String })) })

  t.equal((await fetch(`${server.url}/imports`)).status, 401)
  t.equal((await ask('', 'paul')).status, 403)
  t.equal((await ask(`/${id}`, 'paul', 'DELETE')).status, 403)
  t.equal((await ask('?limit=none')).status, 400)
  t.equal((await ask('/nosuch')).status, 404)
  t.match(await (await fetch(`${server.url}/__heartbeat__`)).json(), { imports: 'ok' })
  t.equal((await ask(`/${id}`, 'jane', 'DELETE')).status, 204)
  t.equal((await ask(`/${id}`)).status, 404)
  t.same(await server.stop(), { code: 0, signal: null })
})

t.test('the operator imports in the name of others, also where users are kept apart; a user does not', async (t) => {
  const { files, ...options } = aPlace(t)
  const env = { ...options.env, RALPH_LRS_RESTRICT_BY_AUTHORITY: 'true' }
  const authority = { objectType: 'Agent', mbox: 'mailto:other@example.org' }
  const file = (name: string): string => {
    writeFileSync(join(files, name), linesOf([{ ...sent(), authority }]))
    return join(files, name)
  }
  t.match(await ralph(t, ['import', file('a.jsonl')], { ...options, env }), { code: 0 })
  t.match(await ralph(t, ['import', '--user', 'jane', file('b.jsonl')], { ...options, env }), { code: 0 })
  const found = (await readStored(t, options)).map((each) => each.authority.mbox)
  t.same([...found].sort(), ['mailto:jane@example.org', 'mailto:other@example.org'])
})

t.test('without RALPH_IMPORTS_ENABLED there is nothing at /imports', async (t) => {
  const { cwd, env } = aPlace(t)
  const server = await runserver(t, ['-h', '127.0.0.1'], { cwd, env })
  t.equal((await fetch(`${server.url}/imports`, { headers: as('jane') })).status, 404)
})

const kills = Number(process.env.RALPH_TEST_IMPORT_KILLS ?? 2)
const events = kills > 2 ? 100_000 : 12_000

t.test('an import that is killed goes on, and stores every statement once', async (t) => {
  const { files, ...options } = aPlace(t)
  const statements = Array.from({ length: events }, () => sent())
  const file = join(files, 'many.jsonl.gz')
  mkdirSync(files, { recursive: true })
  writeFileSync(file, gzipSync(linesOf(statements), { level: 1 }))
  t.equal((await ralph(t, ['import', '--queue', file], options)).code, 0)
  const records = new DatabaseSync(join(options.env.RALPH_APP_DIR, 'imports.db'), { readOnly: true })
  t.teardown(() => records.close())
  const attempts = (): number =>
    JSON.parse(String(records.prepare('SELECT body FROM ralph_import').get()?.body)).attempts
  for (let kill = 0; kill < kills; kill += 1) {
    const child = startRalph(t, ['imports', 'run'], options)
    const ended = once(child, 'close')
    // It is killed while it works: one attempt of all that are needed for it takes longer than all pauses together.
    while (attempts() === kill && child.exitCode === null) await wait(5)
    await wait(Math.random() * (kills > 2 ? 500 : 150))
    child.kill('SIGKILL')
    await ended
  }
  const { code, stderr } = await ralph(t, ['imports', 'run'], options)
  t.equal(code, 0, stderr)
  const listed = await ralph(t, ['imports', 'list', '--json'], options)
  const record: ImportRecord = JSON.parse(listed.stdout)
  t.match(record, { status: 'DONE', counts: { read: events, rejected: 0 }, attempts: kills + 1 }, listed.stdout)
  t.equal(record.counts.written + record.counts.already, events)
  t.same(await idsStored(t, options), statements.map(({ id }) => id).sort(), 'every statement once')
  t.same(readdirSync(join(options.env.RALPH_APP_DIR, 'imports', 'staging')), [], 'nothing is left of its bytes')
})
