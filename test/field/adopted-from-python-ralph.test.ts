import { mkdtempSync, rmSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openClickhouse } from '../../src/backends/clickhouse/lrs.ts'
import { openFs } from '../../src/backends/fs/lrs.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import { parseMicros } from '../../src/xapi/timestamp.ts'
import { contextOf } from '../contracts/open-backend.ts'
import * as clickhouse from '../support/clickhouse.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import * as es from '../support/es.ts'
import { allPages } from '../support/judged-store.ts'
import * as mongo from '../support/mongo.ts'
import { aBatch, anActivity, anId, aStatement } from '../support/statements.ts'

const { timestamp: _, ...untimed } = aStatement()

const timestamp = '2021-11-29T23:09:01.867219+00:00'

/** What `ralph convert | ralph write` of Python Ralph leaves behind, and its LRS: some have a `stored`, some do not. */
const written = {
  withoutStored: { ...aStatement(), timestamp },
  withStored: { ...aStatement(), timestamp, stored: '2021-11-29T23:10:09.867219+00:00' },
  withoutTimes: untimed,
  // Ralph does not look at definitions.
  malformed: { ...aStatement(), timestamp, object: { ...anActivity('odd'), definition: { name: 'not a map' } } }
}
const statements = Object.values(written) as unknown as readonly (Statement & { readonly id: string })[]

const servesStored = async (t: Test, backend: LrsBackend): Promise<void> => {
  const store = await backend.store()
  const found = await allPages(store, { ascending: true })
  t.same(found.map(({ id }) => id).sort(), statements.map(({ id }) => id).sort(), 'all are taken in')
  for (const { id, stored, text } of found) {
    const served: Statement = JSON.parse(text)
    t.equal(parseMicros(served.stored ?? ''), stored, `${id} says when it was stored`)
    t.ok(served.timestamp, 'and has a timestamp')
    const { stored: _, timestamp: __, ...rest } = served
    const { stored: ___, timestamp: ____, ...sent } = statements.find((each) => each.id === id) ?? {}
    t.same(rest, sent, 'nothing else was changed')
    t.same((await store.statements.find(id, { voided: false }))?.text, text, 'read by its id it is the same')
  }
  const textOf = (id: string) => JSON.parse(found.find((each) => each.id === id)?.text ?? '{}')
  t.equal(textOf(written.withoutStored.id).stored, '2021-11-29T23:09:01.867219Z', 'that of the timestamp')
  t.equal(textOf(written.withStored.id).stored, written.withStored.stored, 'as it was written')
  const { timestamp: given, stored } = textOf(written.withoutTimes.id)
  t.equal(given, stored, 'without a timestamp it has that of stored')
  const page = await store.statements.queryText({ ascending: true, limit: 10 }, { before: '[', after: () => ']' })
  t.ok(JSON.parse(page.json.toString()).every((each: Statement) => each.stored))
  t.same(await store.statements.insert(aBatch(written.withoutTimes)), {
    inserted: [],
    already: [written.withoutTimes.id]
  })
}

t.test('fs serves what Python Ralph wrote with its stored (ruling 17)', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ralph-adopted-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  await appendFile(join(directory, 'fs_lrs.jsonl'), statements.map((each) => `${JSON.stringify(each)}\n`).join(''))
  const backend = openFs({ directory, file: 'fs_lrs.jsonl' }, contextOf(t, aClock().now, directory))
  t.teardown(() => backend.close())
  await servesStored(t, backend)
})

const names = ['es', 'mongo', 'clickhouse'] as const
const engines = new Map(await Promise.all(names.map(async (name) => [name, await engineFor(name)] as const)))

const onEngine = (name: (typeof names)[number], work: (t: Test, url: string) => Promise<void>): void => {
  const engine = engines.get(name)
  const title = `${name} serves what Python Ralph wrote with its stored (ruling 17)`
  if (engine === undefined || 'missing' in engine) t.test(title, { skip: engine?.missing ?? true }, async () => {})
  else {
    t.teardown(() => engine.stop())
    t.test(title, (t) => work(t, engine.url))
  }
}

onEngine('es', async (t, url) => {
  const options = es.someIndices(t, url)
  for (const each of statements) await es.ask(url, 'PUT', `${options.index}/_doc/${each.id}`, each)
  await es.ask(url, 'POST', `${options.index}/_refresh`)
  await servesStored(t, es.server(t, options))
})

onEngine('mongo', async (t, url) => {
  const { options, db } = await mongo.aDatabase(t, url)
  await db.collection(options.collection).insertMany(statements.map((_source) => ({ _source })))
  await servesStored(t, mongo.server(t, options))
})

onEngine('clickhouse', async (t, url) => {
  const options = await clickhouse.aDatabase(t, url)
  const table = `${options.database}.${options.eventTableName}`
  await clickhouse.askClickhouse(
    url,
    `CREATE TABLE ${table} (event_id UUID NOT NULL, emission_time DateTime64(6) NOT NULL, event String NOT NULL)
     ENGINE MergeTree ORDER BY (emission_time, event_id) PRIMARY KEY (emission_time, event_id)`
  )
  const rows = statements.map((each) =>
    JSON.stringify({ event_id: each.id, emission_time: each.timestamp ?? timestamp, event: JSON.stringify(each) })
  )
  rows.push(JSON.stringify({ event_id: anId(), emission_time: timestamp, event: '{"event_type":"page_close"}' }))
  await clickhouse.askClickhouse(
    url,
    `INSERT INTO ${table} SETTINGS date_time_input_format = 'best_effort' FORMAT JSONEachRow ${rows.join('\n')}`
  )
  const backend = await openClickhouse(options, contextOf(t, aClock().now, ''))
  t.teardown(() => backend.close())
  await servesStored(t, backend)
})
