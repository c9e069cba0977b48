import { Long } from 'mongodb'
import t, { type Test } from 'tap'
import { openMongo } from '../../src/backends/mongo/lrs.ts'
import { aRecord, aStatementRecord } from '../contracts/data-backend.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { aDatabase } from '../support/mongo.ts'
import { openRecords, type PlaceSettings, readFrom, testRecordsOf, writeTo } from '../support/records-place.ts'
import { aBatch, aStatement, incomingText } from '../support/statements.ts'

const engine = await engineFor('mongo')
if ('missing' in engine) t.test('mongo', { skip: engine.missing }, async () => {})
else {
  const { url } = engine
  t.teardown(() => engine.stop())

  const aPlace = async (t: Test) => {
    const { options, db } = await aDatabase(t, url)
    const settings: PlaceSettings = { CONNECTION_URI: url, DEFAULT_DATABASE: options.database }
    return { settings, db, options }
  }

  const many = (count: number) => Array.from({ length: count }, (_, index) => aStatementRecord(index + 1))

  testRecordsOf(t, 'mongo', async (t) => (await aPlace(t)).settings)

  t.test('the connection string is taken plain and in brackets, as a list of one', async (t) => {
    const { settings } = await aPlace(t)
    for (const uri of [url, JSON.stringify([url]), `['${url}']`, `[${url}]`]) {
      const backend = await openRecords(t, 'mongo', { ...settings, CONNECTION_URI: uri, DEFAULT_COLLECTION: 'marsha' })
      t.same(await backend.status(), { state: 'ok' }, uri)
    }
    for (const uri of ['http://localhost', '[]', `["${url}"`]) {
      await t.rejects(openRecords(t, 'mongo', { ...settings, CONNECTION_URI: uri }), { code: 'INVALID_SETTING' }, uri)
    }
  })

  t.test('options of the driver of Python are taken; document_class is said to change nothing', async (t) => {
    const { settings } = await aPlace(t)
    for (const [options, warnings] of [
      [{ CLIENT_OPTIONS__document_class: 'dict' }, 1],
      [{ CLIENT_OPTIONS: 'document_class=dict,tz_aware=true' }, 1],
      [{ CLIENT_OPTIONS__tz_aware: 'true' }, 0]
    ] as const) {
      const said = { lines: [] }
      const backend = await openRecords(t, 'mongo', { ...settings, ...options }, said)
      t.same(await backend.status(), { state: 'ok' })
      t.equal(said.lines.length, warnings)
      t.match(said.lines, warnings === 0 ? [] : [/document_class/])
    }
  })

  t.test('documents are those of Ralph, and dates are printed with their offset', async (t) => {
    const { settings, db } = await aPlace(t)
    const backend = await openRecords(t, 'mongo', { ...settings, CLIENT_OPTIONS__tz_aware: 'true' })
    const record = aRecord({ id: '6ba7b810-9dad-11d1-80b4-00c04fd430c8', timestamp: '2024-05-06T07:08:09.5Z', n: 1 })
    await writeTo(backend, [record])
    const digest = 'e5855ff48799c52c'
    const [document] = await db.collection('marsha').find().toArray()
    t.equal(document?._id.toHexString().slice(0, 8), Math.floor(Date.UTC(2024, 4, 6, 7, 8, 9) / 1000).toString(16))
    t.equal(document?._id.toHexString().slice(8), digest)
    t.same(Object.keys(document ?? {}), ['_id', '_source'])
    t.same(await readFrom(backend), [JSON.stringify({ _id: document?._id.toHexString(), _source: record.value })])
    await db.collection('dates').insertOne({ _source: { at: new Date(0), long: Long.fromNumber(5) } })
    t.same(await readFrom(backend, undefined, { target: 'dates', bare: true }), [
      '{"at":"1970-01-01T00:00:00.000Z","long":5}'
    ])
  })

  t.test('what no document of Ralph can hold is rejected with its reason, and the rest is written', async (t) => {
    const { settings } = await aPlace(t)
    const backend = await openRecords(t, 'mongo', settings)
    const deep = JSON.parse(`${'{"a":'.repeat(120)}1${'}'.repeat(120)}`)
    const timestamp = '2026-01-01T00:00:00Z'
    const batch = [
      aRecord({ timestamp }, 1),
      aRecord({ id: 'a' }, 2),
      aRecord({ id: 'b', timestamp: 'yesterday' }, 3),
      aRecord({ id: 'c', timestamp, deep }, 4),
      aRecord({ id: 'd', timestamp, long: 'x'.repeat(17_000_000) }, 5),
      aRecord({ id: 'e', timestamp }, 6)
    ]
    const { rejected, written } = await writeTo(backend, batch, { operation: 'index' })
    t.equal(written, 1)
    t.match(
      rejected.map(({ record, reason }) => [record.line, reason]),
      [
        [1, /no id/],
        [2, /no timestamp/],
        [3, /yesterday/],
        [4, /100 levels/],
        [5, /16 MB/]
      ]
    )
  })

  t.test('a record has one document, whatever its time was when it was written first', async (t) => {
    const { settings, db } = await aPlace(t)
    const first = aRecord({ id: 'a', timestamp: '2026-01-01T00:00:00Z', n: 1 })
    const later = aRecord({ id: 'a', timestamp: '2026-01-02T00:00:00Z', n: 2 }, 2)
    await writeTo(await openRecords(t, 'mongo', settings), [first])
    const backend = await openRecords(t, 'mongo', settings)
    t.match(await writeTo(backend, [later]), {
      written: 0,
      rejected: [{ record: { line: 2 }, reason: /another record/ }]
    })
    t.match(await writeTo(backend, [later], { operation: 'index' }), { written: 1, rejected: [] })
    t.same(await readFrom(backend, undefined, { bare: true }), [later.text])
    // As Ralph does, who writes it a second time.
    await db.collection('marsha').insertOne({ _source: first.value })
    t.match(await writeTo(backend, [later], { operation: 'index' }), { written: 1, rejected: [] })
    t.same(await readFrom(backend, undefined, { bare: true }), [later.text])
    t.match(await writeTo(backend, [first], { operation: 'delete' }), { written: 1 })
    t.same(await readFrom(backend), [])
  })

  t.test('a query is JSON in the words of Ralph', async (t) => {
    const { settings } = await aPlace(t)
    const backend = await openRecords(t, 'mongo', settings)
    const records = many(25)
    await writeTo(backend, records)
    const ids = records.map(({ value }) => value.id)
    const read = async (query: object): Promise<unknown[]> =>
      (await readFrom(backend, query, { bare: true, chunkSize: 4 })).map((line) => JSON.parse(line).id)
    t.same(await read({}), ids, 'in the order of time')
    t.same(await read({ filter: { '_source.id': { $in: [ids[3]] } } }), [ids[3]])
    t.same(await read({ sort: [['_source.timestamp', -1]], limit: 9 }), ids.slice(-9).toReversed())
    t.same(await read({ limit: 10 }), ids.slice(0, 10))
    const [projected = ''] = await readFrom(backend, { projection: { '_source.id': 1, _id: 0 }, sort: [['_id', 1]] })
    t.same(JSON.parse(projected), { _source: { id: ids[0] } })
    const [whole = ''] = await readFrom(backend, { limit: 1 })
    const { _id } = JSON.parse(whole)
    t.same(await read({ filter: { _id: { $oid: _id } } }), [ids[0]])
    for (const query of [{ limit: 0 }, { sort: [['a']] }, { sort: 'a' }, { filter: 1 }, { filter: { $nonsense: 1 } }]) {
      await t.rejects(readFrom(backend, query), { code: 'INVALID_QUERY' }, JSON.stringify(query))
    }
  })

  t.test('what an LRS has taken is read as it came, and an LRS takes in what was written here', async (t) => {
    const { settings, options } = await aPlace(t)
    const lrs = openMongo(options, contextOf(t, aClock().now, ''))
    const store = await lrs.store()
    const text = JSON.stringify(aStatement()).replace('{', '{ "result": { "score": { "raw": 1.0 } }, ')
    await store.statements.insert({ ...aBatch(), statements: [incomingText(text)] })
    const backend = await openRecords(t, 'mongo', settings)
    const [line = ''] = await readFrom(backend, undefined, { bare: true })
    t.match(line, '"raw": 1.0')
    t.same(Object.keys(JSON.parse((await readFrom(backend))[0] ?? '')), ['_id', '_source'])
    const statement = { ...aStatement(), timestamp: '2026-01-01T00:00:00Z' }
    await lrs.close()
    await writeTo(backend, [aRecord(statement)])
    const again = openMongo(options, contextOf(t, aClock().now, ''))
    t.teardown(() => again.close())
    const found = await (await again.store()).statements.find(statement.id, { voided: false })
    t.match(JSON.parse(found?.text ?? '{}'), statement)
  })

  t.test('collections are listed, in another database too, and deleted', async (t) => {
    const [here, there] = [await aPlace(t), await aPlace(t)]
    const backend = await openRecords(t, 'mongo', here.settings)
    await writeTo(backend, many(1), { target: 'one' })
    await writeTo(await openRecords(t, 'mongo', there.settings), many(1), { target: 'other' })
    const listed = async (target?: string): Promise<string[]> => {
      const ids: string[] = []
      for await (const { id, details } of backend.list?.({ target }) ?? []) {
        t.equal(details.name, id)
        ids.push(id)
      }
      return ids
    }
    t.same(await listed(), ['one'])
    t.same(await listed(there.options.database), ['other'])
    t.same(await backend.delete?.('one', {}), { deleted: 1 })
    t.same(await backend.delete?.('other', { target: there.options.database }), { deleted: 1 })
    await t.rejects(async () => backend.delete?.('one', {}), { code: 'NOT_FOUND' })
    await t.rejects(readFrom(backend, undefined, { target: 'one' }), { code: 'NOT_FOUND', message: /one/ })
    t.same(await listed(), [])
  })

  t.test('where nobody answers, nothing is waited for long, and no password is told', async (t) => {
    const uri = 'mongodb://me:secret@127.0.0.1:9/?serverSelectionTimeoutMS=300&connectTimeoutMS=300'
    const backend = await openRecords(t, 'mongo', { CONNECTION_URI: uri })
    for (const work of [writeTo(backend, many(1)), readFrom(backend)]) {
      const error = await work.catch((each: unknown) => each)
      t.match(error, { code: 'STORE_UNAVAILABLE' })
      t.notMatch(String(error), 'secret')
    }
    t.match(await backend.status(), { state: 'away' })
  })
}
