import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { aRecord, aStatementRecord } from '../contracts/data-backend.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ask } from '../support/es.ts'
import { anHttpWire } from '../support/http-wire.ts'
import { openRecords, type PlaceSettings, readFrom, testRecordsOf, writeTo } from '../support/records-place.ts'
import { aTlsWire } from '../support/tls-wire.ts'

const engine = await engineFor('es')
if ('missing' in engine) t.test('es', { skip: engine.missing }, async () => {})
else {
  const { url } = engine
  t.teardown(() => engine.stop())

  /** An index that nobody has; it is gone when the test ends. */
  const anIndex = (t: Test): PlaceSettings & { readonly DEFAULT_INDEX: string } => {
    const index = `test-${randomUUID()}`
    t.teardown(() => ask(url, 'DELETE', index))
    return { HOSTS: url, DEFAULT_INDEX: index, ALLOW_YELLOW_STATUS: 'true' }
  }

  const many = (count: number) => Array.from({ length: count }, (_, index) => aStatementRecord(index + 1))

  testRecordsOf(t, 'es', anIndex)

  t.test('hosts are a list of commas or of JSON, and the index is that of what is put and got', async (t) => {
    for (const hosts of [`${url}, ${url}/`, JSON.stringify([url, url])]) {
      const settings = { ...anIndex(t), HOSTS: hosts }
      const backend = await openRecords(t, 'es', settings)
      await writeTo(backend, many(3))
      t.equal((await readFrom(backend)).length, 3)
      t.match(await ask(url, 'GET', `${settings.DEFAULT_INDEX}/_count`), { count: 3 })
    }
  })

  t.test('a certificate that nobody knows is refused, unless it is named or none is asked for', async (t) => {
    const { origin, certificateFile } = await aTlsWire(t, url)
    const settings = { ...anIndex(t), HOSTS: origin }
    const strict = await openRecords(t, 'es', settings)
    t.match(await strict.status(), { state: 'away', detail: /certificate/ })
    await t.rejects(writeTo(strict, many(1)), { code: 'STORE_UNAVAILABLE', message: /certificate/ })
    for (const options of [
      { CLIENT_OPTIONS__ca_certs: certificateFile },
      { CLIENT_OPTIONS__verify_certs: 'false' },
      { CLIENT_OPTIONS: 'verify_certs=false' },
      { CLIENT_OPTIONS: `ca_certs=${certificateFile},verify_certs=true` }
    ]) {
      const backend = await openRecords(t, 'es', { ...settings, ...options })
      t.match(await writeTo(backend, many(1)), { written: 1 }, JSON.stringify(options))
    }
  })

  t.test('whole hits are read as Ralph prints them, and the text of a record as it came', async (t) => {
    const settings = anIndex(t)
    const backend = await openRecords(t, 'es', settings)
    const text = '{ "id":"a", "n": 1.0, "big": 12345678901234567890, "e":1e3, "s":"\\u00e9\\/ é}]" }'
    await writeTo(backend, [aRecord(JSON.parse(text), 1, text)])
    t.same(await readFrom(backend, undefined, { bare: true }), [text])
    const [hit = ''] = await readFrom(backend)
    t.match(hit, text)
    t.same(Object.keys(JSON.parse(hit)), ['_index', '_id', '_score', '_source', 'sort'])
    t.match(JSON.parse(hit), { _index: settings.DEFAULT_INDEX, _id: 'a', _score: null })
    await ask(url, 'PUT', `${settings.DEFAULT_INDEX}/_doc/b?refresh=true`, '{\n  "id": "b",\n  "n": [\n1 ]\n}')
    t.same(await readFrom(backend, { q: '_id:b' }, { bare: true }), ['{"id": "b","n": [1 ]}'])
  })

  t.test('a query is JSON in the words of Ralph, or one of Lucene', async (t) => {
    const settings = anIndex(t)
    const backend = await openRecords(t, 'es', settings)
    const records = many(40)
    await writeTo(backend, records)
    const ids = records.map(({ value }) => value.id)
    const read = async (query: string | object, chunkSize = 7): Promise<unknown[]> =>
      (await readFrom(backend, query, { bare: true, chunkSize })).map((line) => JSON.parse(line).id)
    t.same(await read(`_id:"${ids[3]}"`), [ids[3]])
    t.same(await read({ q: `_id:"${ids[4]}"` }), [ids[4]])
    t.same(await read({ query: { ids: { values: [ids[5]] } } }), [ids[5]])
    t.same(await read({ q: '*', query: { ids: { values: [ids[6]] } } }), [ids[6]], 'both hold')
    t.same(await read({ sort: [{ timestamp: 'desc' }] }), ids.toReversed())
    t.same(await read({ sort: 'timestamp:desc', size: 10 }), ids.slice(-10).toReversed())
    const last = Date.parse(String(records[29]?.value.timestamp))
    t.same(await read({ sort: [{ timestamp: 'asc' }], search_after: [last, 2 ** 52] }), ids.slice(30))
    const { id } = (await ask(url, 'POST', `${settings.DEFAULT_INDEX}/_pit?keep_alive=1m`)) as { id: string }
    t.same(await read({ pit: { id }, q: `_id:"${ids[7]}"` }), [ids[7]])
    t.match(await ask(url, 'DELETE', '_pit', { id }), { succeeded: true }, 'a point in time of somebody else stays')
    for (const query of ['{"size": 0}', '{"pit": {"who": 1}}', '{"sort": 3}', '{"query": {"nonsense": {}}}', 'a:(b']) {
      await t.rejects(read(query), { code: 'INVALID_QUERY' }, query)
    }
  })

  t.test('what is sorted by a number with more digits than a double is read once and wholly', async (t) => {
    const settings = anIndex(t)
    await ask(url, 'PUT', settings.DEFAULT_INDEX, { mappings: { properties: { n: { type: 'long' } } } })
    const backend = await openRecords(t, 'es', settings)
    const texts = Array.from({ length: 12 }, (_, index) => `{"id":"${index}","n":90071992547409${930 + index}}`)
    await writeTo(
      backend,
      texts.map((text, index) => aRecord(JSON.parse(text), index, text))
    )
    t.same(await readFrom(backend, { sort: [{ n: 'asc' }] }, { bare: true, chunkSize: 2 }), texts)
  })

  t.test('a point in time is closed when reading ends, however it ends', async (t) => {
    const settings = anIndex(t)
    const backend = await openRecords(t, 'es', settings)
    await writeTo(backend, many(50))
    const open = async (): Promise<unknown> => {
      const path = `${settings.DEFAULT_INDEX}/_stats/search?filter_path=_all.total.search.open_contexts`
      return JSON.stringify(await ask(url, 'GET', path)).match(/\d+/)?.[0]
    }
    await readFrom(backend, undefined, { chunkSize: 10 })
    t.equal(await open(), '0')
    for await (const _ of backend.read?.(undefined, { chunkSize: 10 }) ?? []) {
      t.equal(await open(), '1')
      break
    }
    t.equal(await open(), '0')
  })

  t.test('what Elasticsearch refuses is told record by record, and the others are written', async (t) => {
    const settings = anIndex(t)
    const mappings = { dynamic: 'strict', properties: { id: { type: 'keyword' }, n: { type: 'long' } } }
    await ask(url, 'PUT', settings.DEFAULT_INDEX, { mappings })
    const backend = await openRecords(t, 'es', settings)
    const values = [
      { id: 'a', n: 1 },
      { id: 'b', n: 'many' },
      { id: 'c', x: 1 },
      { id: 'd'.repeat(600) },
      { id: {} },
      { n: 2 }
    ]
    const report = await writeTo(
      backend,
      values.map((value, index) => aRecord(value, index + 1)),
      { operation: 'index' }
    )
    t.equal(report.written, 2)
    t.same(report.rejected.map(({ record }) => record.line).sort(), [2, 3, 4, 5])
    for (const { reason } of report.rejected) t.match(reason, /mapper|mapping|strict|512 bytes|no text|parse/)
    t.equal((await readFrom(backend)).length, 2)
    t.match(await writeTo(backend, [aRecord({ n: 1 })], { operation: 'update' }), {
      rejected: [{ reason: 'has no id' }]
    })
  })

  t.test('indices are listed with their settings and mappings, and deleted by their whole name only', async (t) => {
    const settings = anIndex(t)
    const backend = await openRecords(t, 'es', settings)
    await writeTo(backend, many(1))
    const name = settings.DEFAULT_INDEX
    const listed = []
    for await (const each of backend.list?.({ target: `${name.slice(0, -3)}*` }) ?? []) listed.push(each)
    t.match(listed, [{ id: name, details: { [name]: { settings: {}, mappings: {} } } }])
    for (const id of ['*', `${name}*`, '_all', `${name},x`, '']) {
      await t.rejects(async () => backend.delete?.(id, {}), { code: 'NOT_FOUND' }, id)
    }
    t.same(await backend.delete?.(name, {}), { deleted: 1 })
    await t.rejects(async () => backend.delete?.(name, {}), { code: 'NOT_FOUND' })
    await t.rejects(readFrom(backend), { code: 'NOT_FOUND', message: new RegExp(name) })
    await t.rejects(writeTo(backend, many(1), { operation: 'delete' }), { code: 'NOT_FOUND' })
  })

  t.test('a connection that is lost is no end: requests are sent again, and nothing is there twice', async (t) => {
    const wire = await anHttpWire(t, url)
    const backend = await openRecords(t, 'es', { ...anIndex(t), HOSTS: wire.origin })
    await writeTo(backend, many(10))
    let [bulks, searches] = [0, 0]
    wire.fate = ({ path }) => {
      if (path.includes('_bulk')) {
        bulks += 1
        return bulks === 1 ? 'is not answered' : bulks === 2 ? { status: 429 } : 'passes'
      }
      if (!path.includes('_search')) return 'passes'
      searches += 1
      return searches % 3 === 2 ? { cutAfter: 2000 } : 'passes'
    }
    t.match(await writeTo(backend, many(20)), { written: 0, already: 20, rejected: [] })
    t.equal(new Set(await readFrom(backend, undefined, { chunkSize: 8 })).size, 30)
    wire.fate = () => 'is lost'
    const stop = new AbortController()
    const writing = writeTo(backend, many(1), { signal: stop.signal })
    stop.abort(new Error('enough'))
    await t.rejects(writing, { message: 'enough' })
  })

  t.test('where nobody ever answered, nothing is waited for', async (t) => {
    const wire = await anHttpWire(t, url)
    wire.fate = () => 'is lost'
    const backend = await openRecords(t, 'es', { ...anIndex(t), HOSTS: wire.origin.replace('//', '//me:secret@') })
    const error = await writeTo(backend, many(1)).catch((each: unknown) => each)
    t.match(error, { code: 'STORE_UNAVAILABLE' })
    t.notMatch(String(error), 'secret')
    t.match(await backend.status(), { state: 'away' })
  })

  t.test('what is written is searchable at the end, or at once, or when Elasticsearch likes', async (t) => {
    const refreshed = async (refresh: string | undefined): Promise<readonly string[]> => {
      const wire = await anHttpWire(t, url)
      const settings = { ...anIndex(t), HOSTS: wire.origin }
      const backend = await openRecords(
        t,
        'es',
        refresh === undefined ? settings : { ...settings, REFRESH_AFTER_WRITE: refresh }
      )
      await writeTo(backend, many(1))
      await backend.close()
      return wire.requests.map(({ path }) => /_refresh|refresh=\w+/.exec(path)?.[0] ?? '').filter((each) => each !== '')
    }
    t.same(await refreshed(undefined), ['_refresh'])
    t.same(await refreshed('true'), ['refresh=true'])
    t.same(await refreshed('false'), ['refresh=false'])
    t.same(await refreshed('wait_for'), ['refresh=wait_for'])
  })
}

t.test('records that Elasticsearch has no room for now are sent again, and only those', async (t) => {
  const bulks: string[] = []
  const busy = { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'rejected execution' } }
  const server = createServer(async (request, answer) => {
    answer.setHeader('x-elastic-product', 'Elasticsearch').setHeader('content-type', 'application/json')
    if (!request.url?.includes('_bulk')) return answer.end('{}')
    let body = ''
    for await (const chunk of request) body += chunk
    bulks.push(body)
    const items = bulks.length === 1 ? [{ index: { status: 201 } }, { index: busy }] : [{ index: { status: 201 } }]
    return answer.end(JSON.stringify({ errors: bulks.length === 1, items }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo
  const backend = await openRecords(t, 'es', { HOSTS: `http://127.0.0.1:${port}`, REFRESH_AFTER_WRITE: 'false' })
  const batch = [aRecord({ id: 'a' }, 1), aRecord({ id: 'b' }, 2)]
  t.same(await writeTo(backend, batch, { operation: 'index' }), { written: 2, already: 0, rejected: [] })
  t.same(
    bulks.map((body) => body.match(/"_id":"."/g)),
    [['"_id":"a"', '"_id":"b"'], ['"_id":"b"']]
  )
})
