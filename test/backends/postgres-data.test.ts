import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { openPostgres } from '../../src/backends/postgres/lrs.ts'
import { aRecord, aStatementRecord } from '../contracts/data-backend.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { aRole, aSchema, sql } from '../support/postgres.ts'
import { openRecords, type PlaceSettings, readFrom, testRecordsOf, writeTo } from '../support/records-place.ts'
import { aBatch, aStatement } from '../support/statements.ts'

const engine = await engineFor('postgres')
if ('missing' in engine) t.test('postgres', { skip: engine.missing }, async () => {})
else {
  const { url } = engine
  t.teardown(() => engine.stop())

  const aPlace = (t: Test): PlaceSettings & { readonly DEFAULT_SCHEMA: string } => ({
    CONNECTION_URI: url,
    DEFAULT_SCHEMA: aSchema(t, url)
  })

  const many = (count: number) => Array.from({ length: count }, (_, index) => aStatementRecord(index + 1))

  testRecordsOf(t, 'postgres', aPlace)

  t.test('a record is given back as it came, character by character, and SQL reads into it', async (t) => {
    const place = aPlace(t)
    const backend = await openRecords(t, 'postgres', place)
    const text = '{ "id":"a", "n": 1.0, "big": 12345678901234567890, "e":1e3, "s":"\\u0000\\ud800\\/ é" }'
    await writeTo(backend, [aRecord(JSON.parse(text), 1, text)])
    t.same(await readFrom(backend), [text])
    await writeTo(backend, [aRecord({ id: 'b' }, 2, '{"id":"b","n":1.0}')], { target: 'plain' })
    const [row] = await sql(url, `SELECT record->>'n' AS n FROM "${place.DEFAULT_SCHEMA}".plain`)
    t.same(row, { n: '1.0' })
  })

  t.test('records are asked for by id and by time, in both orders, in any size of pages', async (t) => {
    const backend = await openRecords(t, 'postgres', aPlace(t))
    const at = (second: number): string => `2026-01-01T00:00:0${second}Z`
    const records = [3, 1, 2].map((n) => aRecord({ id: `r${n}`, timestamp: at(n) }, n))
    const others = [aRecord({ id: 'timeless' }, 9), aRecord({ id: 'old', timestamp: '0000-01-01T00:00:00Z' }, 10)]
    await writeTo(backend, [...records, ...others, aRecord({ event: 'x', time: at(4) }, 11)])
    for (const chunkSize of [1, 2, 100]) {
      const ids = async (query: object): Promise<unknown[]> =>
        (await readFrom(backend, query, { chunkSize })).map((line) => JSON.parse(line).id)
      t.same(await ids({}), ['timeless', 'old', 'r1', 'r2', 'r3', undefined])
      t.same(await ids({ sort: 'desc', limit: 2 }), [undefined, 'r3'])
      t.same(await ids({ since: at(1), until: at(3) }), ['r2', 'r3'])
      t.same(await ids({ since: '2026-01-01T01:00:01+01:00', until: at(2) }), ['r2'])
      t.same(await ids({ id: ['r3', 'r1', 'nobody'] }), ['r1', 'r3'])
    }
    for (const query of [{ sort: 'up' }, { since: 'yesterday' }, { limit: 0 }, { id: [] }]) {
      await t.rejects(readFrom(backend, query), { code: 'INVALID_QUERY' }, JSON.stringify(query))
    }
  })

  t.test('a page is no longer than memory allows, however long its records are', async (t) => {
    const backend = await openRecords(t, 'postgres', aPlace(t))
    const long = Array.from({ length: 12 }, (_, index) =>
      aRecord({ id: `${index}`, text: randomBytes(500_000).toString('base64') })
    )
    await writeTo(backend, long)
    let pages = 0
    let records = 0
    for await (const { lines } of backend.read?.(undefined, {}) ?? []) {
      pages += 1
      records += lines.length
    }
    t.equal(records, 12)
    t.ok(pages > 3, `${pages} pages`)
  })

  t.test('a record that PostgreSQL refuses is rejected with its reason, and the others are written', async (t) => {
    const backend = await openRecords(t, 'postgres', aPlace(t))
    const deep = `{"id":"deep","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    const batch = [aStatementRecord(1), aRecord({ id: 'deep' }, 2, deep), aStatementRecord(3), aRecord({ id: [] }, 4)]
    for (const operation of ['create', 'index'] as const) {
      const { written, already, rejected } = await writeTo(backend, batch, { operation })
      t.equal(written + already, 2)
      t.same(rejected.map(({ record }) => record.line).sort(), [2, 4])
      t.match(rejected.find(({ record }) => record.line === 2)?.reason, /stack depth/)
    }
    t.equal((await readFrom(backend)).length, 2)
  })

  t.test('tables are listed, and deleted; others than those of records are left alone', async (t) => {
    const place = aPlace(t)
    const backend = await openRecords(t, 'postgres', place)
    await t.rejects(readFrom(backend), { code: 'NOT_FOUND', message: /records/ })
    await writeTo(backend, many(2))
    await writeTo(backend, many(1), { target: 'it"s mine' })
    await sql(url, `CREATE TABLE "${place.DEFAULT_SCHEMA}".foreign_one (id text)`)
    const listed: string[] = []
    for await (const { id, details } of backend.list?.({}) ?? []) {
      t.equal(details.schema, place.DEFAULT_SCHEMA)
      listed.push(id)
    }
    t.same(listed, ['it"s mine', 'records'])
    const works: readonly (() => Promise<unknown>)[] = [
      () => readFrom(backend, undefined, { target: 'foreign_one' }),
      () => writeTo(backend, many(1), { target: 'foreign_one' }),
      async () => backend.delete?.('foreign_one', {})
    ]
    for (const work of works) {
      await t.rejects(work(), { code: 'INVALID_SETTING', message: /not a table of records/ })
    }
    t.same(await backend.delete?.('it"s mine', {}), { deleted: 1 })
    await t.rejects(async () => backend.delete?.('it"s mine', {}), { code: 'NOT_FOUND' })
  })

  t.test('the statements of an LRS in the schema are read, and not written', async (t) => {
    const place = aPlace(t)
    const backend = await openRecords(t, 'postgres', place)
    await t.rejects(readFrom(backend, undefined, { target: 'lrs' }), { code: 'NOT_FOUND', message: /no LRS/ })
    const options = { connectionUri: url, schema: place.DEFAULT_SCHEMA }
    const lrs = await openPostgres(options, contextOf(t, aClock().now, ''))
    t.teardown(() => lrs.close())
    const statements = Array.from({ length: 25 }, () => aStatement())
    await (await lrs.store()).statements.insert(aBatch(...statements))
    await (await lrs.store('school')).statements.insert(aBatch(aStatement()))
    const lines = await readFrom(backend, undefined, { target: 'lrs', chunkSize: 10 })
    t.same(
      lines.map((line) => JSON.parse(line).id),
      statements.map(({ id }) => id)
    )
    t.equal((await readFrom(backend, { limit: 12 }, { target: 'lrs', chunkSize: 5 })).length, 12)
    t.equal((await readFrom(backend, undefined, { target: 'lrs:school' })).length, 1)
    await t.rejects(readFrom(backend, undefined, { target: 'lrs:nobody' }), { code: 'NOT_FOUND', message: /nobody/ })
    await t.rejects(writeTo(backend, many(1), { target: 'lrs' }), { code: 'UNSUPPORTED_OPERATION' })
    await writeTo(backend, many(1))
    const listed: string[] = []
    for await (const { id } of backend.list?.({}) ?? []) listed.push(id)
    t.same(listed, ['records', 'lrs', 'lrs:school'])
  })

  t.test('who may not, and who is not known, is told so without a password', async (t) => {
    const place = aPlace(t)
    await writeTo(await openRecords(t, 'postgres', place), many(1))
    const { role, url: own } = await aRole(t, url)
    const stranger = await openRecords(t, 'postgres', { ...place, CONNECTION_URI: own })
    await t.rejects(readFrom(stranger), { code: 'FORBIDDEN' })
    const reader = await openRecords(t, 'postgres', { ...place, CONNECTION_URI: own })
    await sql(url, `GRANT USAGE ON SCHEMA "${place.DEFAULT_SCHEMA}" TO "${role}"`)
    await sql(url, `GRANT SELECT ON ALL TABLES IN SCHEMA "${place.DEFAULT_SCHEMA}" TO "${role}"`)
    t.equal((await readFrom(reader)).length, 1, 'reading needs no more')
    await t.rejects(writeTo(reader, many(1)), { code: 'FORBIDDEN' })
    const lost = await openRecords(t, 'postgres', {
      ...place,
      CONNECTION_URI: url.replace(/\/[^/]*$/, '/no_such_database')
    })
    await t.rejects(readFrom(lost), { code: 'NOT_FOUND', message: /no_such_database/ })
    t.match(await lost.status(), { state: 'error' })
    const away = await openRecords(t, 'postgres', { CONNECTION_URI: 'postgres://me:secret@127.0.0.1:9/x' })
    const error = await readFrom(away).catch((each: unknown) => each)
    t.match(error, { code: 'STORE_UNAVAILABLE' })
    t.notMatch(String(error), 'secret')
    t.match(await away.status(), { state: 'away' })
    const wrong = openRecords(t, 'postgres', { CONNECTION_URI: 'mysql://x' })
    await t.rejects(wrong, { code: 'INVALID_SETTING', message: /DATA__POSTGRES__CONNECTION_URI/ })
  })

  t.test('a connection that is ended between requests, or while one is read, is no end', async (t) => {
    const backend = await openRecords(t, 'postgres', aPlace(t))
    await writeTo(backend, many(30))
    const end = () =>
      sql(
        url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ralph' AND query LIKE '%records%'`
      )
    await end()
    t.match(await writeTo(backend, many(1)), { written: 1 })
    let count = 0
    for await (const { lines } of backend.read?.(undefined, { chunkSize: 10 }) ?? []) {
      count += lines.length
      await end()
    }
    t.equal(count, 31)
  })
}
