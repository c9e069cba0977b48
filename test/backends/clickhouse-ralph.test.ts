import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type ClickhouseOptions, openClickhouse } from '../../src/backends/clickhouse/lrs.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import type { Statement } from '../../src/xapi/statement.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aDatabase, askClickhouse, aWire } from '../support/clickhouse.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { startPrivateEngine } from '../support/engines/private-engine.ts'
import { allPages } from '../support/judged-store.ts'
import {
  aBatch,
  anActivity,
  anId,
  aStatement,
  aVerb,
  aVoiding,
  incoming,
  refTo,
  withMbox
} from '../support/statements.ts'

const engine = await engineFor('clickhouse')
const ann = withMbox('ann')

const open = async (t: Test, options: ClickhouseOptions, warnings: string[] = []): Promise<LrsBackend> => {
  const backend = await openClickhouse(options, {
    ...contextOf(t, aClock().now, ''),
    warn: (message) => warnings.push(message)
  })
  t.teardown(() => backend.close())
  return backend
}

/** Document 001's, as its reader makes it. */
const makeTable = (url: string, name: string): Promise<string> =>
  askClickhouse(
    url,
    `CREATE TABLE ${name} (
      event_id UUID NOT NULL,
      emission_time DateTime64(6) NOT NULL,
      event String NOT NULL
      )
      ENGINE MergeTree ORDER BY (emission_time, event_id)
      PRIMARY KEY (emission_time, event_id)`
  )

/** As Python writes JSON. */
const inPython = (statement: unknown): string =>
  JSON.stringify(statement, null, 1)
    .replaceAll(/\n\s*/g, ' ')
    .replaceAll(/([{[]) /g, '$1')
    .replaceAll(/ ([}\]])/g, '$1')

interface Event {
  readonly id: string
  readonly time: string
  readonly text: string
}

/** As Ralph writes them: the time of the event is the statement's timestamp. */
const asRalph = (statements: readonly Statement[]): Event[] =>
  statements.map((statement) => ({
    id: statement.id ?? '',
    time: statement.timestamp ?? '',
    text: inPython(statement)
  }))

const writeEvents = async (url: string, table: string, events: readonly Event[]): Promise<void> => {
  const rows = events.map(({ id, time, text }) => JSON.stringify({ event_id: id, emission_time: time, event: text }))
  await askClickhouse(
    url,
    `INSERT INTO ${table} SETTINGS date_time_input_format = 'best_effort' FORMAT JSONEachRow ${rows.join('\n')}`
  )
}

if ('missing' in engine) t.test('tables of Ralph', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

  t.test('statements that Ralph wrote are served as they are, with all that follows from them', async (t) => {
    const options = await aDatabase(t, url)
    const table = `${options.database}.xapi_events_all`
    await makeTable(url, table)
    const at = (second: number): string => `2021-11-29T23:09:${String(second).padStart(2, '0')}.867219+00:00`
    const [late, unwanted] = [
      aStatement({ actor: ann, verb: aVerb('late'), timestamp: at(9), stored: '2021-11-29T23:10:09.867219+00:00' }),
      aStatement({ timestamp: at(2) })
    ]
    const named = aStatement({
      actor: { ...ann, name: 'Ann' },
      object: anActivity('course', { name: { en: 'Course' } }),
      timestamp: at(1)
    })
    const referring = aStatement({ object: refTo(late), timestamp: at(3) })
    const voiding = aVoiding(unwanted, { timestamp: at(4) })
    const written = [late, unwanted, named, referring, voiding]
    await writeEvents(url, table, asRalph(written))
    await writeEvents(url, table, [
      // Ralph has no unique key, and others write to the table as well.
      ...asRalph([named]),
      { id: anId(), time: at(5), text: '{"event_type": "page_close"}' },
      { id: anId(), time: at(6), text: 'no JSON' }
    ])
    const warnings: string[] = []
    const backend = await open(t, options, warnings)
    const store = await backend.store()
    t.match(warnings, [/2 rows that are not statements/, /5 statements .+ were adopted/])
    const all = await allPages(store, { ascending: true })
    const time = (second: number): string => `2021-11-29T23:09:${String(second).padStart(2, '0')}.867219Z`
    t.same(
      all.map(({ id, text }) => [id, JSON.parse(text)]),
      [
        [named.id, { ...named, stored: time(1) }],
        [referring.id, { ...referring, stored: time(3) }],
        [voiding.id, { ...voiding, stored: time(4) }],
        [late.id, late]
      ],
      'as they are, by stored, and with that of their timestamp where Ralph has written no stored (ruling 17)'
    )
    t.equal(all.at(-1)?.text, inPython(late), 'what lacks nothing is served as it was written')
    t.equal(all[0]?.stored, Date.UTC(2021, 10, 29, 23, 9, 1, 867) * 1000 + 219)
    t.ok(await store.statements.find(unwanted.id, { voided: true }))
    t.same((await allPages(store, { verb: aVerb('late').id })).length, 2, 'the one that refers to it, too')
    t.same(await store.statements.agentNames('mailto:ann@example.org'), ['Ann'])
    t.same(await store.statements.insert(aBatch(named)), { inserted: [], already: [named.id] })

    await backend.close()
    await writeEvents(url, table, asRalph([aStatement({ timestamp: at(7), actor: ann })]))
    const more: string[] = []
    const again = await (await open(t, options, more)).store()
    t.match(more, [/2 rows that are not statements/, /1 statements .+ were adopted/], 'and what it writes later')
    t.equal((await allPages(again, { agent: ann })).length, 4)
    t.equal(Number(await askClickhouse(url, `SELECT count() FROM ${table}`)), 9, 'nothing was written to its table')
  })

  t.test('a server that starts again reads the table of Ralph only if somebody wrote to it', async (t) => {
    const options = await aDatabase(t, url)
    const wire = await aWire(t, url)
    const own = { ...options, ...wire.options }
    const first = await open(t, own)
    await (await first.store()).statements.insert(aBatch(aStatement(), aStatement()))
    await first.close()
    wire.requests.length = 0
    await (await open(t, own)).store()
    t.same(
      wire.requests.filter((sql) => sql.includes('UUIDStringToNum')),
      []
    )
  })

  t.test('what is stored is in the table of Ralph, in the form that Ralph reads', async (t) => {
    const options = await aDatabase(t, url)
    const table = `${options.database}.xapi_events_all`
    await makeTable(url, table)
    const store = await (await open(t, options)).store()
    const statement = aStatement({ timestamp: '2021-11-29T23:09:00.867219+01:00' })
    const { timestamp: _, ...untimed } = aStatement()
    const early = aStatement({ timestamp: '0001-01-01T00:00:00Z' })
    await store.statements.insert({
      statements: [statement, untimed, early].map((each) => incoming(each)),
      attachments: [],
      define: true
    })
    const all = await allPages(store, { ascending: true })
    const rows = await askClickhouse(
      url,
      `SELECT toString(event_id), toString(toTimeZone(emission_time, 'UTC')), event FROM ${table}
       ORDER BY JSONExtractString(event, 'stored') FORMAT JSONCompactEachRow`
    )
    const time = (stored: number): string =>
      `${new Date(Math.floor(stored / 1000)).toISOString().slice(0, -1).replace('T', ' ')}${String(stored % 1000).padStart(3, '0')}`
    t.same(
      rows.split('\n').map((row) => JSON.parse(row)),
      [
        [statement.id, '2021-11-29 22:09:00.867219', all[0]?.text],
        [untimed.id, time(all[1]?.stored ?? 0), all[1]?.text],
        [early.id, '1900-01-01 00:00:00.000000', all[2]?.text]
      ]
    )
  })

  t.test('each target is another table of Ralph', async (t) => {
    const options = await aDatabase(t, url)
    await makeTable(url, `${options.database}.school`)
    await writeEvents(url, `${options.database}.school`, asRalph([aStatement({ timestamp: '2021-11-29T23:09:00Z' })]))
    const backend = await open(t, options)
    t.equal((await allPages(await backend.store('school'), {})).length, 1)
    t.same(await allPages(await backend.store(), {}), [])
    const same = await backend.store('xapi_events_all')
    await same.statements.insert(aBatch(aStatement()))
    t.equal((await allPages(await backend.store(), {})).length, 1, 'the default one may be named, too')
    const tables = await askClickhouse(url, `SELECT count() FROM system.tables WHERE database = '${options.database}'`)
    t.equal(Number(tables), 9 + 2, 'all share the tables of ours')
  })

  t.test('a table that cannot take statements is refused, and it is said how it should be', async (t) => {
    const options = await aDatabase(t, url)
    await askClickhouse(
      url,
      `CREATE TABLE ${options.database}.xapi_events_all (event_id String, emission_time DateTime64(6), event String)
       ENGINE = MergeTree ORDER BY emission_time`
    )
    const backend = await open(t, options)
    await t.rejects(backend.store(), {
      code: 'INVALID_SETTING',
      message: /column event_id is String.+\n?CREATE TABLE .+xapi_events_all/s
    })
  })

  t.test('a database that is missing is named, with how to make it', async (t) => {
    const options = { ...(await aDatabase(t, url)), database: 'ralph_is_not_there' }
    await t.rejects(open(t, options), {
      code: 'STORE_UNAVAILABLE',
      message: /has no database ralph_is_not_there.+CREATE DATABASE `ralph_is_not_there`/s
    })
  })

  t.test('tables of a newer Ralph are left alone', async (t) => {
    const options = await aDatabase(t, url)
    await (await open(t, options)).close()
    await askClickhouse(url, `INSERT INTO ${options.database}.\`lrs$migration\` VALUES (99)`)
    await t.rejects(open(t, options), { code: 'STORE_CORRUPT', message: /newer version/, details: { version: 99 } })
  })

  t.test('options of document 000 are sent if the server knows them, others as they are', async (t) => {
    const options = await aDatabase(t, url)
    const wire = await aWire(t, url)
    const own = { ...options, ...wire.options }
    const sent = async (given: Partial<ClickhouseOptions>): Promise<URLSearchParams> => {
      const backend = await open(t, { ...own, ...given })
      wire.parameters.length = 0
      await backend.status()
      await backend.close()
      return wire.parameters[0] ?? new URLSearchParams()
    }
    t.equal((await sent({})).get('date_time_input_format'), 'best_effort')
    const chosen = await sent({ clientOptions: { max_threads: '1' } })
    t.equal(chosen.get('max_threads'), '1')
    t.equal(chosen.has('date_time_input_format'), false, 'who sets one sets all')
    t.equal((await sent({ dateTimeInputFormat: 'basic' })).get('date_time_input_format'), 'basic')
    await t.rejects(open(t, { ...own, clientOptions: { no_such_setting: '1' } }), { message: /no_such_setting/ })
    const durable = await sent({ clientOptions: { async_insert: '1', wait_for_async_insert: '0' } })
    t.equal(durable.get('async_insert'), '1')
  })
}

/** ClickHouse refuses to start without these two. */
const basics = '<profiles><default/></profiles><quotas><default/></quotas>'
const user = (name: string, ...grants: string[]): string => `<${name}>
  <password>${name === 'default' ? '' : 's&#233;cret:@/'}</password><networks><ip>127.0.0.1</ip></networks>
  <profile>default</profile><quota>default</quota>
  ${grants.length === 0 ? '' : `<grants>${grants.map((grant) => `<query>GRANT ${grant}</query>`).join('')}</grants>`}
</${name}>`

const inXapi = (right: string): string => `${right} ON xapi.*`

t.test('the rights that are said to suffice do suffice, and what lacks without them is named', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ralph-clickhouse-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const [config, users] = [join(directory, 'config.xml'), join(directory, 'users.xml')]
  const needed = ['SELECT', 'INSERT']
  const maker = user('maker', ...needed.map(inXapi), inXapi('CREATE TABLE'), 'TABLE ENGINE ON *')
  const all = [user('default'), user('keeper', ...needed.map(inXapi)), maker]
  writeFileSync(users, `<clickhouse><users>${all.join('')}</users>${basics}</clickhouse>`)
  writeFileSync(
    config,
    `<clickhouse><logger><level>none</level></logger>
     <user_directories><users_xml><path>${users}</path></users_xml></user_directories></clickhouse>`
  )
  const own = await startPrivateEngine('clickhouse', join(directory, 'data'), { settings: { 'config-file': config } })
  if ('missing' in own) return t.comment(own.missing)
  t.teardown(() => own.stop())
  await askClickhouse(own.url, 'CREATE DATABASE xapi')
  const { hostname, port } = new URL(own.url)
  const server = { host: hostname, port: Number(port), database: 'xapi', eventTableName: 'xapi_events_all' }
  const options = { ...server, username: 'keeper', password: 'sécret:@/' }
  await t.rejects(open(t, { ...options, password: 'wrong' }), {
    code: 'STORE_UNAVAILABLE',
    message: /refuses the user or the password/
  })
  await t.rejects(open(t, options), { code: 'STORE_UNAVAILABLE', message: /grant CREATE TABLE/ })
  const first = await open(t, { ...options, username: 'maker' })
  await (await first.store()).statements.insert(aBatch(aStatement()))
  await first.close()
  const second = await open(t, options)
  const store = await second.store()
  await store.statements.insert(aBatch(aStatement({ actor: ann }), aVoiding(anId())))
  t.equal((await allPages(store, {})).length, 3, 'once the tables are there, they need not be made')
  await t.rejects(second.store('another'), {
    code: 'STORE_UNAVAILABLE',
    message: /no table `xapi`\.`another`.+CREATE TABLE/s
  })
})
