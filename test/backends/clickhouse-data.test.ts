import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { aRecord, aStatementRecord } from '../contracts/data-backend.ts'
import { aDatabase, askClickhouse, aWire } from '../support/clickhouse.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { openRecords, type PlaceSettings, readFrom, testRecordsOf, writeTo } from '../support/records-place.ts'

const engine = await engineFor('clickhouse')
if ('missing' in engine) t.test('clickhouse', { skip: engine.missing }, async () => {})
else {
  const { url } = engine
  t.teardown(() => engine.stop())

  const aPlace = async (t: Test): Promise<PlaceSettings & { readonly DATABASE: string }> => {
    const { host, port, database } = await aDatabase(t, url)
    return { HOST: host, PORT: String(port), DATABASE: database }
  }

  const many = (count: number) => Array.from({ length: count }, (_, index) => aStatementRecord(index + 1))

  testRecordsOf(t, 'clickhouse', aPlace)

  t.test('host, port, database, table, user and password reach the server', async (t) => {
    const wire = await aWire(t, url)
    const place = await aPlace(t)
    const settings = { ...place, HOST: wire.options.host, PORT: String(wire.options.port), EVENT_TABLE_NAME: 'mine' }
    await writeTo(await openRecords(t, 'clickhouse', settings), many(2))
    t.equal(await askClickhouse(url, `SELECT count() FROM ${place.DATABASE}.mine`), '2')
    t.ok(wire.requests.some((sql) => sql.startsWith(`INSERT INTO \`${place.DATABASE}\`.\`mine\``)))
    const stranger = await openRecords(t, 'clickhouse', { ...settings, USERNAME: 'nobody', PASSWORD: 'secret' })
    const error = await readFrom(stranger).catch((each: unknown) => each)
    t.match(error, { code: 'UNAUTHENTICATED', message: /nobody/ })
    t.notMatch(String(error), 'secret')
    t.match(await stranger.status(), { state: 'error' })
  })

  t.test(
    'options are sent as they are: one of them replaces all implied ones, an unknown one is the servers to judge',
    async (t) => {
      const wire = await aWire(t, url)
      const place = { ...(await aPlace(t)), HOST: wire.options.host, PORT: String(wire.options.port) }
      const sent = async (options: PlaceSettings): Promise<URLSearchParams> => {
        const backend = await openRecords(t, 'clickhouse', { ...place, ...options })
        await writeTo(backend, many(1))
        return wire.parameters.at(-1) ?? new URLSearchParams()
      }
      t.equal((await sent({})).get('date_time_input_format'), 'best_effort')
      const chosen = await sent({ CLIENT_OPTIONS: 'max_threads=1,log_queries=false' })
      t.equal(chosen.get('max_threads'), '1')
      t.equal(chosen.get('log_queries'), '0')
      t.notOk(chosen.has('date_time_input_format'), 'who sets one sets all')
      t.notOk(chosen.has('allow_experimental_object_type'))
      t.equal((await sent({ CLIENT_OPTIONS: 'async_insert=1,wait_for_async_insert=1' })).get('async_insert'), '1')
      t.equal((await sent({ CLIENT_OPTIONS__date_time_input_format: 'basic' })).get('date_time_input_format'), 'basic')
      const unknown = await openRecords(t, 'clickhouse', { ...place, CLIENT_OPTIONS: 'no_such_setting=1' })
      await t.rejects(readFrom(unknown), { code: 'INVALID_SETTING', message: /no_such_setting/ })
      t.match(await unknown.status(), { state: 'error', detail: /no_such_setting/ })
    }
  )

  t.test('the table is that of document 001, and events are printed as Ralph does', async (t) => {
    const place = await aPlace(t)
    const backend = await openRecords(t, 'clickhouse', place)
    const id = randomUUID()
    const text = `{ "id":"${id.toUpperCase()}", "n": 1.0, "e":1e3, "s":"\\u00e9 é", "timestamp":"2024-05-06T09:08:09.123456+02:00" }`
    await writeTo(backend, [aRecord(JSON.parse(text), 1, text)])
    const columns = 'toString(event_id), toUnixTimestamp64Micro(emission_time), event'
    const row = await askClickhouse(
      url,
      `SELECT ${columns} FROM ${place.DATABASE}.xapi_events_all FORMAT JSONCompactEachRow`
    )
    const time = Date.UTC(2024, 4, 6, 7, 8, 9) * 1000 + 123_456
    t.same(JSON.parse(row).map(String), [id, String(time), text])
    t.same(await readFrom(backend), [`{"event":${text}}`])
    t.same(await readFrom(backend, undefined, { bare: true }), [text])
  })

  t.test('a query is JSON in the words of Ralph', async (t) => {
    const backend = await openRecords(t, 'clickhouse', await aPlace(t))
    const records = many(30)
    await writeTo(backend, records)
    const ids = records.map(({ value }) => value.id)
    const read = async (query: object): Promise<unknown[]> =>
      (await readFrom(backend, query, { chunkSize: 7 })).map((line) => JSON.parse(line))
    const eventIds = async (query: object): Promise<unknown[]> =>
      (await read(query)).map((line) => (line as { event: { id: unknown } }).event.id)
    t.same(await eventIds({}), ids, 'in the order of time')
    t.same(await eventIds({ limit: 16 }), ids.slice(0, 16))
    const where = ['event_id IN {ids:Array(UUID)}', 'toSecond(emission_time) > {n:UInt8} OR 1 = 0']
    t.same(await eventIds({ where, parameters: { ids: ids.slice(0, 9), n: 4 } }), ids.slice(4, 9))
    t.same(await eventIds({ where: 'event_id = {id:UUID} -- a remark', parameters: { id: ids[2] } }), [ids[2]])
    t.same(await eventIds({ sort: 'emission_time DESC', limit: 3 }), ids.slice(-3).toReversed())
    t.same(await read({ select: ['event_id', 'emission_time'], sort: 'emission_time', limit: 1 }), [
      { event_id: ids[0], emission_time: '2026-01-01T00:00:01.000000Z' }
    ])
    t.same(await read({ select: 'count() AS n, max(9007199254740993) AS big', limit: 1 }), [
      { n: 30, big: 9007199254740992 }
    ])
    const [exact = ''] = await readFrom(backend, { select: 'max(9007199254740993) AS big' })
    t.equal(exact, '{"big":9007199254740993}')
    t.same(await read({ select: ['toSecond(emission_time) AS s'], sort: 's', limit: 9, column_oriented: true }), [
      { s: [1, 2, 3, 4, 5, 6, 7] },
      { s: [8, 9] }
    ])
    const bare = await readFrom(
      backend,
      { select: ['event', 'event_id'], sort: 'emission_time', limit: 1 },
      { bare: true }
    )
    t.same(bare, [records[0]?.text])
    for (const query of [
      { where: 'nonsense = 1' },
      { select: 'nothing' },
      { sort: 'a b c' },
      { limit: -1 },
      { where: 3 }
    ]) {
      await t.rejects(readFrom(backend, query), { code: 'INVALID_QUERY' }, JSON.stringify(query))
    }
  })

  t.test('rows that are alike in time and id are all read, whatever page they end', async (t) => {
    const place = await aPlace(t)
    const backend = await openRecords(t, 'clickhouse', place)
    await writeTo(backend, many(3))
    const table = `${place.DATABASE}.xapi_events_all`
    // As Ralph leaves them, to which ids are not unique.
    for (let copy = 0; copy < 3; copy += 1)
      await askClickhouse(url, `INSERT INTO ${table} SELECT * FROM ${table} LIMIT 3`)
    const there = Number(await askClickhouse(url, `SELECT count() FROM ${table}`))
    for (const chunkSize of [1, 2, 3, 100]) t.equal((await readFrom(backend, undefined, { chunkSize })).length, there)
    t.equal((await readFrom(backend, { limit: 5 }, { chunkSize: 2 })).length, 5)
  })

  t.test('what the table cannot hold is rejected with its reason; a record without an id gets one', async (t) => {
    const backend = await openRecords(t, 'clickhouse', await aPlace(t))
    const timestamp = '2026-01-01T00:00:00Z'
    const batch = [
      aRecord({ id: 'no-uuid', timestamp }, 1),
      aRecord({ id: randomUUID() }, 2),
      aRecord({ id: randomUUID(), timestamp: 'soon' }, 3),
      aRecord({ timestamp }, 4)
    ]
    const { written, rejected } = await writeTo(backend, batch)
    t.equal(written, 1)
    t.match(
      rejected.map(({ record, reason }) => [record.line, reason]),
      [
        [1, /no-uuid/],
        [2, /no timestamp/],
        [3, /soon/]
      ]
    )
  })

  t.test('batches with the same records that are written at the same time leave each once', async (t) => {
    const backend = await openRecords(t, 'clickhouse', await aPlace(t))
    const records = many(50)
    const reports = await Promise.all([0, 1, 2, 3].map(() => writeTo(backend, records)))
    t.equal(
      reports.reduce((sum, { written }) => sum + written, 0),
      50
    )
    t.equal((await readFrom(backend)).length, 50)
  })

  t.test('a connection that is lost is no end, and an insert whose answer was lost is not there twice', async (t) => {
    const wire = await aWire(t, url)
    const place = { ...(await aPlace(t)), HOST: wire.options.host, PORT: String(wire.options.port) }
    const backend = await openRecords(t, 'clickhouse', place)
    await writeTo(backend, many(10))
    let [inserts, selects] = [0, 0]
    wire.fate = (sql) => {
      if (sql.startsWith('INSERT')) {
        inserts += 1
        return inserts === 1 ? 'is not answered' : 'passes'
      }
      if (!sql.includes('WITH TIES')) return 'passes'
      selects += 1
      return selects % 2 === 1 ? 'is lost' : 'passes'
    }
    t.match(await writeTo(backend, many(20)), { written: 0, already: 20 })
    t.equal((await readFrom(backend, undefined, { chunkSize: 15 })).length, 30)
  })

  t.test('tables are listed, and deleted', async (t) => {
    const place = await aPlace(t)
    const backend = await openRecords(t, 'clickhouse', place)
    const listed = async () => {
      const all = []
      for await (const each of backend.list?.({}) ?? []) all.push(each)
      return all
    }
    await t.rejects(readFrom(backend), { code: 'NOT_FOUND' })
    t.same(await listed(), [])
    await writeTo(backend, many(2), { target: "it's `mine`" })
    t.match(await listed(), [{ id: "it's `mine`", details: { engine: 'MergeTree', records: 2 } }])
    t.equal((await readFrom(backend, undefined, { target: "it's `mine`" })).length, 2)
    t.same(await backend.delete?.("it's `mine`", {}), { deleted: 1 })
    await t.rejects(async () => backend.delete?.("it's `mine`", {}), { code: 'NOT_FOUND' })
    t.same(await listed(), [])
    const lost = await openRecords(t, 'clickhouse', { ...place, DATABASE: 'no_such_database' })
    await t.rejects(writeTo(lost, many(1)), { message: /no_such_database/ })
    await t.rejects(async () => lost.list?.({})[Symbol.asyncIterator]().next(), { code: 'NOT_FOUND' })
  })
}
