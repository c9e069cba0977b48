import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { RecordsBackend } from '../../src/contracts/data-backend.ts'
import { aStatementRecord, testRecordsBackend } from '../contracts/data-backend.ts'
import { dataDefinition, openData, type Said } from '../support/data-place.ts'
import { startGrpcLrs } from '../support/grpc.ts'
import { password } from '../support/lrs-users.ts'

const lrs = await startGrpcLrs(t, { settings: { restrictByAuthority: true, restrictByScopes: true } })
const users = new WeakMap<RecordsBackend, string>()
let freshGiven = 0

const openAs = async (t: Test, username: string, more: Readonly<Record<string, string>> = {}, said?: Said) => {
  const settings = { ADDRESSES: `127.0.0.1:${lrs.port}`, USERNAME: username, PASSWORD: password, ...more }
  const backend = await openData(t, 'grpc', settings, said)
  if (backend.moves !== 'records') throw new Error('an LRS keeps records')
  users.set(backend, username)
  return backend
}

const openFresh = (t: Test) => {
  freshGiven += 1
  return openAs(t, `fresh_${freshGiven}`)
}

const linesOf = async (backend: RecordsBackend, query?: object): Promise<string[]> => {
  const all: string[] = []
  for await (const { lines } of backend.read?.(query === undefined ? undefined : JSON.stringify(query), {}) ?? []) {
    all.push(...lines)
  }
  return all
}

const many = (count: number) => Array.from({ length: count }, (_, index) => aStatementRecord(index + 1))
const create = { operation: 'create' } as const

testRecordsBackend(t, {
  definition: dataDefinition('grpc'),
  open: openFresh,
  reopen: (t, backend) => openAs(t, users.get(backend) ?? ''),
  // What an LRS assigns (Data §2.4.8 to §2.4.10).
  normalise: ({ stored, authority, version, ...own }) => own
})

t.test('statements that break a rule are rejected with what the server says, and all others are written', async (t) => {
  const backend = await openFresh(t)
  const records = Array.from({ length: 60 }, (_, index) =>
    aStatementRecord(index + 1, [7, 8, 41].includes(index + 1) ? { verb: { id: 'no iri' } } : {})
  )
  const report = await backend.write?.(records, create)
  t.equal(report?.written, 57)
  t.same(
    report?.rejected.map(({ record }) => record.line),
    [7, 8, 41]
  )
  for (const { reason } of report?.rejected ?? []) t.match(reason, /INVALID_ARGUMENT: .*verb/)
})

t.test('the query has filters, a limit of all, and following', async (t) => {
  const backend = await openFresh(t)
  const records = many(7)
  await backend.write?.(records, create)
  t.equal((await linesOf(backend, { limit: 3 })).length, 3)
  t.equal((await linesOf(backend, { limit: 5, follow: true })).length, 5)
  t.equal((await linesOf(backend, { verb: 'https://nobody.example' })).length, 0)
  await t.rejects(linesOf(backend, { verb: 'no iri' }), { code: 'INVALID_QUERY' })
})

t.test('wrong credentials, no server, a target', async (t) => {
  const wrong = await openAs(t, 'janedoe', { PASSWORD: 'wrong' })
  t.match(await wrong.status(), { state: 'error', detail: /--grpc-password/ })
  await t.rejects(linesOf(wrong), { code: 'UNAUTHENTICATED' })
  const nowhere = await openAs(t, 'janedoe', { ADDRESSES: '127.0.0.1:1' })
  t.match(await nowhere.status(), { state: 'away' })
  await t.rejects(linesOf(nowhere), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(async () => nowhere.write?.(many(1), create), { code: 'STORE_UNAVAILABLE' })
  const known = await openFresh(t)
  await t.rejects(async () => known.write?.(many(1), { ...create, target: 'x' }), { code: 'UNSUPPORTED_OPERATION' })
})

t.test('middleware of the client: a line for each call, a trace that the server has too', async (t) => {
  const said = { lines: [] }
  const backend = await openAs(t, 'john', { MIDDLEWARE: 'recover,logging,tracing' }, said)
  await backend.write?.(many(1), create)
  t.match(said.lines, [/^gRPC \/ralph\.v1\.Statements\/Write at 127\.0\.0\.1:\d+: OK, \d+ ms, trace [0-9a-f]{32}$/])
  const [, trace = 'none'] = /trace ([0-9a-f]+)/.exec(String(said.lines[0])) ?? []
  t.ok(lrs.log.some((line) => line.includes(`"traceId":"${trace}"`)))
  const silent = { lines: [] }
  await (await openAs(t, 'john', { MIDDLEWARE: 'recover' }, silent)).write?.(many(1), create)
  t.same(silent.lines, [])
})

t.test('two servers: calls go to both; one is stopped, and no call is lost', async (t) => {
  // Both open the same file: the one that is stopped must let go of it, so each has a store of its own here.
  const root = t.testdir({})
  const [one, two] = [
    await startGrpcLrs(t, { directory: join(root, 'one') }),
    await startGrpcLrs(t, { directory: join(root, 'two') })
  ]
  const backend = await openAs(t, 'janedoe', { ADDRESSES: `127.0.0.1:${one.port},127.0.0.1:${two.port}` })
  const records = many(600)
  const writing: Promise<unknown>[] = []
  let stopped: Promise<void> | undefined
  for (const [index, record] of records.entries()) {
    writing.push(backend.write?.([record], create) ?? Promise.resolve())
    if (index === 300) stopped = one.stop()
    if (index % 10 === 0) await wait(1)
  }
  const reports = await Promise.all(writing)
  t.ok(reports.every((report) => JSON.stringify(report) === '{"written":1,"already":0,"rejected":[]}'))
  await stopped
  const callsOf = (log: readonly string[]) => log.filter((line) => line.includes('"status":"OK"')).length
  t.ok(callsOf(one.log) > 50 && callsOf(two.log) > 300, 'calls went to both')
  const left = await openAs(t, 'janedoe', { ADDRESSES: `127.0.0.1:${two.port}` })
  const again = await startGrpcLrs(t, { directory: join(root, 'one') })
  const first = await openAs(t, 'janedoe', { ADDRESSES: `127.0.0.1:${again.port}` })
  const stored = new Set([...(await linesOf(left)), ...(await linesOf(first))].map((line) => JSON.parse(line).id))
  t.equal(stored.size, records.length)
})
