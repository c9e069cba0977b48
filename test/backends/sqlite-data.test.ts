import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { aRecord, aStatementRecord } from '../contracts/data-backend.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { openRecords, readFrom, testRecordsOf, writeTo } from '../support/records-place.ts'
import { aBatch, aStatement } from '../support/statements.ts'

testRecordsOf(t, 'sqlite', (t) => ({ DIRECTORY_PATH: t.testdir() }))

t.test('a record is given back as it came, character by character', async (t) => {
  const backend = await openRecords(t, 'sqlite', { DIRECTORY_PATH: t.testdir() })
  const text = '{ "id":"a", "n": 1.0, "big": 12345678901234567890, "e":1e3, "s":"\\u00e9\\/" }'
  await writeTo(backend, [aRecord(JSON.parse(text), 1, text)])
  t.same(await readFrom(backend), [text])
})

t.test('the file is made when something is written, and each target is a table', async (t) => {
  const directory = join(t.testdir(), 'deeper')
  const backend = await openRecords(t, 'sqlite', { DIRECTORY_PATH: directory, DEFAULT_FILE: 'mine.db' })
  t.same(await backend.status(), { state: 'ok' })
  await t.rejects(readFrom(backend), { code: 'NOT_FOUND' })
  t.notOk(existsSync(directory))
  await writeTo(backend, [aStatementRecord(1)])
  await writeTo(backend, [aStatementRecord(1), aStatementRecord(2)], { target: 'others' })
  t.equal((await readFrom(backend)).length, 1)
  t.equal((await readFrom(backend, undefined, { target: 'others' })).length, 2)
  const listed: string[] = []
  for await (const { id } of backend.list?.({}) ?? []) listed.push(id)
  t.same(listed, ['others', 'records'])
  t.same(await backend.delete?.('others', {}), { deleted: 1 })
  await t.rejects(readFrom(backend, undefined, { target: 'others' }), { code: 'NOT_FOUND' })
  await t.rejects(async () => backend.delete?.('others', {}), { code: 'NOT_FOUND' })
})

t.test('records are asked for by id and by time, in both orders', async (t) => {
  const backend = await openRecords(t, 'sqlite', { DIRECTORY_PATH: t.testdir() })
  const at = (second: number): string => `2026-01-01T00:00:0${second}Z`
  const records = [3, 1, 2].map((n) => aRecord({ id: `r${n}`, timestamp: at(n) }, n))
  await writeTo(backend, [...records, aRecord({ id: 'timeless' }, 9), aRecord({ event: 'x', time: at(4) }, 10)])
  const ids = async (query: object): Promise<unknown[]> =>
    (await readFrom(backend, query)).map((line) => JSON.parse(line).id)
  t.same(await ids({}), ['timeless', 'r1', 'r2', 'r3', undefined])
  t.same(await ids({ sort: 'desc', limit: 2 }), [undefined, 'r3'])
  t.same(await ids({ since: at(1), until: at(3) }), ['r2', 'r3'])
  t.same(await ids({ since: '2026-01-01T01:00:01+01:00', until: at(2) }), ['r2'])
  t.same(await ids({ id: ['r3', 'r1', 'nobody'] }), ['r1', 'r3'])
  t.same(await ids({ id: 'r2' }), ['r2'])
  for (const query of [{ sort: 'up' }, { since: 'yesterday' }, { limit: 0 }, { id: [] }, { id: 1 }]) {
    await t.rejects(readFrom(backend, query), { code: 'INVALID_QUERY' }, JSON.stringify(query))
  }
})

t.test('a record without an id that is written again is there once', async (t) => {
  const backend = await openRecords(t, 'sqlite', { DIRECTORY_PATH: t.testdir() })
  const event = aRecord({ event_type: 'play_video', time: '2026-01-01T00:00:00Z' })
  t.match(await writeTo(backend, [event]), { written: 1, already: 0 })
  t.match(await writeTo(backend, [event]), { written: 0, already: 1 })
})

t.test('the statements of an LRS, running or not, are read, and not written', async (t) => {
  const directory = t.testdir()
  const lrs = openSqlite({ directory }, contextOf(t, aClock().now, directory))
  const statements = Array.from({ length: 25 }, () => aStatement())
  await (await lrs.store()).statements.insert(aBatch(...statements))
  await (await lrs.store('school')).statements.insert(aBatch(aStatement()))
  const backend = await openRecords(t, 'sqlite', { DIRECTORY_PATH: directory })
  const idsIn = async (query?: object): Promise<unknown[]> =>
    (await readFrom(backend, query, { target: 'lrs', chunkSize: 10 })).map((line) => JSON.parse(line).id)
  t.same(
    await idsIn(),
    statements.map(({ id }) => id)
  )
  t.equal((await idsIn({ limit: 12 })).length, 12)
  await t.rejects(idsIn({ id: 'x' }), { code: 'INVALID_QUERY' })
  await lrs.close()
  t.same(
    await idsIn(),
    statements.map(({ id }) => id)
  )
  t.equal((await readFrom(backend, undefined, { target: 'lrs:school' })).length, 1)
  const listed: string[] = []
  for await (const { id } of backend.list?.({}) ?? []) listed.push(id)
  t.same(listed, ['lrs:school', 'lrs'])
  await t.rejects(writeTo(backend, [aStatementRecord(1)], { target: 'lrs' }), { code: 'UNSUPPORTED_OPERATION' })
  await t.rejects(readFrom(backend, undefined, { target: 'lrs:nobody' }), { code: 'NOT_FOUND' })
})

t.test('a file of another program is left alone', async (t) => {
  const directory = t.testdir()
  writeFileSync(join(directory, 'records.db'), 'something else, and rather long so that it might be a database')
  const backend = await openRecords(t, 'sqlite', { DIRECTORY_PATH: directory })
  await t.rejects(writeTo(backend, [aStatementRecord(1)]), { code: 'STORE_CORRUPT' })
  t.match(await backend.status(), { state: 'error' })
})
