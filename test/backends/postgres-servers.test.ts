import pg from 'pg'
import t, { type Test } from 'tap'
import type { PostgresOptions } from '../../src/backends/postgres/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { followKilledContract } from '../contracts/follow-killed.ts'
import { killContract } from '../contracts/kill.ts'
import { severalServersContract } from '../contracts/several-servers.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { allPages } from '../support/judged-store.ts'
import { usePostgres } from '../support/openers.ts'
import { aRole, aSchema, server, servers, sql, until } from '../support/postgres.ts'
import { aBatch, aStatement, aVerb, aVoiding, withMbox } from '../support/statements.ts'

const unavailable = { name: 'RalphError', code: 'STORE_UNAVAILABLE' }
const ann = withMbox('ann')

const allPagesOf = async (store: LrsStore, signal: AbortSignal): Promise<unknown> =>
  store.statements.query({ ascending: true, limit: 10 }, { signal })

const engine = await engineFor('postgres')

if ('missing' in engine) t.test('several servers on postgres', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine
  const onEngine = (t: Test, options: PostgresOptions = {}): PostgresOptions & { readonly schema: string } => ({
    connectionUri: url,
    ...options,
    schema: aSchema(t, url)
  })

  severalServersContract(t, (t, ...offsets) => servers(t, onEngine(t), ...offsets))

  t.test('servers that start at once on an empty database make the tables once', async (t) => {
    const options = onEngine(t)
    const opened = await servers(t, options, 0, 0, 0, 0)
    for (const each of opened) t.same(await each.status(), { state: 'ok' })
    t.same(await sql(url, `SELECT number FROM "${options.schema}".migration`), [{ number: 1 }])
  })

  t.test('a page that was kept is read again once another server has stored, voided or restored', async (t) => {
    const [one, two] = await Promise.all((await servers(t, onEngine(t), 0, 0)).map((each) => each.store()))
    if (one === undefined || two === undefined) throw new Error('two servers were opened')
    const frame = { before: '[', after: () => ']' }
    const poll = async (): Promise<unknown[]> => {
      const { json } = await one.statements.queryText({ ascending: true, limit: 10 }, frame)
      return JSON.parse(Buffer.from(json).toString()).map(({ id }: { id: string }) => id)
    }
    const pollAgain = async (expected: readonly unknown[], what: string): Promise<void> => {
      for (let times = 0; times < 3; times += 1) t.same(await poll(), expected, what)
    }
    const [first, second, older] = [aStatement(), aStatement(), aStatement()]
    await two.statements.insert(aBatch(first))
    await pollAgain([first.id], 'stored')
    await two.statements.insert(aBatch(second))
    await pollAgain([first.id, second.id], 'stored')
    const voiding = aVoiding(first)
    await two.statements.insert(aBatch(voiding))
    await pollAgain([second.id, voiding.id], 'voided')
    await two.copy?.restoreStatements([{ id: older.id, stored: 1_000_000, text: JSON.stringify(older) }], [])
    await pollAgain([older.id, second.id, voiding.id], 'restored, older than all others')
  })

  t.test('a connection is kept, whether or not there was something to write', async (t) => {
    // A role of its own tells its connections from those of other tests.
    const alone = await aRole(t, url, 'SUPERUSER')
    const store = await (await server(t, { ...onEngine(t), connectionUri: alone.url })).store()
    const statement = aStatement()
    await store.statements.insert(aBatch(statement))
    const started = `SELECT max(backend_start)::text AS latest FROM pg_stat_activity
      WHERE application_name = 'ralph' AND usename = '${alone.role}'`
    const before = await sql(url, started)
    for (let count = 0; count < 5; count += 1) {
      t.same((await store.statements.insert(aBatch(statement))).already, [statement.id])
      const other = aBatch({ ...statement, verb: aVerb('another') })
      await t.rejects(store.statements.insert(other), { code: 'STATEMENT_CONFLICT' })
    }
    t.same(await sql(url, started), before, 'none was opened anew')
  })

  t.test('a turn that died half-way has left nothing behind, and keeps nobody waiting', async (t) => {
    const options = onEngine(t)
    const store = await (await server(t, options)).store()
    const [before, victim] = [aStatement({ actor: ann }), aStatement()]
    await store.statements.insert(aBatch(before, victim))
    const other = new pg.Client({ connectionString: url })
    // Its connection is cut.
    other.on('error', () => {})
    await other.connect()
    await other.query(`SET search_path = "${options.schema}"`)
    await other.query('BEGIN; SELECT * FROM target FOR UPDATE; UPDATE target SET last = last + 1000000000')
    await other.query(
      `INSERT INTO statement SELECT stored + 1, gen_random_uuid(), object, target, voided, voiding, inherited, text FROM statement`
    )
    await other.query('UPDATE statement SET voided = true')
    const waiting = store.statements.insert(aBatch(aStatement({ actor: ann })))
    t.equal((await allPages(store, {})).length, 2, 'readers see nothing of it')
    const [row] = (await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows
    await sql(url, `SELECT pg_terminate_backend(${row?.pid})`)
    await waiting
    t.equal((await allPages(store, {})).length, 3)
    t.equal((await allPages(store, { agent: ann })).length, 2)
  })

  t.test('a read that is given up is stopped in the server, and its connection is used again', async (t) => {
    const options = onEngine(t, { poolSize: 2 })
    const store = await (await server(t, options)).store()
    await store.statements.insert(aBatch(aStatement()))
    const blocker = new pg.Client({ connectionString: url })
    await blocker.connect()
    t.teardown(() => blocker.end())
    await blocker.query(`BEGIN; LOCK TABLE "${options.schema}".statement IN ACCESS EXCLUSIVE MODE`)
    const waitingForLock = async (): Promise<number> => {
      const [row] = await sql(
        url,
        `SELECT count(*)::integer AS waiting FROM pg_locks JOIN pg_class ON pg_class.oid = relation
         JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = '${options.schema}' AND NOT granted`
      )
      return Number(row?.waiting)
    }
    const reason = new Error('the client hung up')
    const controller = new AbortController()
    const reads = [1, 2].map(() => allPagesOf(store, controller.signal))
    const settled = Promise.allSettled(reads)
    await until(async () => (await waitingForLock()) === 2)
    controller.abort(reason)
    for (const result of await settled) t.match(result, { status: 'rejected', reason })
    await until(async () => (await waitingForLock()) === 0)
    await blocker.query('COMMIT')
    for (let round = 0; round < 5; round += 1) t.equal((await allPages(store, {})).length, 1)
    await store.statements.insert(aBatch(aStatement()))
    t.equal((await allPages(store, {})).length, 2)
  })

  t.test('what takes too long is given up, and said to be so', async (t) => {
    const options = onEngine(t, { statementTimeout: 300 })
    const backend = await server(t, options)
    const store = await backend.store()
    const blocker = new pg.Client({ connectionString: url })
    await blocker.connect()
    t.teardown(() => blocker.end())
    await blocker.query(`BEGIN; LOCK TABLE "${options.schema}".statement IN ACCESS EXCLUSIVE MODE`)
    const slow = { ...unavailable, details: { retryAfter: 1 } }
    await t.rejects(store.statements.query({ ascending: true, limit: 1 }), slow)
    await t.rejects(store.statements.insert(aBatch(aStatement())), slow)
    await blocker.query(`COMMIT; BEGIN; SELECT FROM "${options.schema}".target FOR UPDATE`)
    await t.rejects(store.statements.insert(aBatch(aStatement())), slow, 'another writer does not make way')
    t.same(await allPages(store, {}), [])
    await blocker.query('COMMIT')
    await store.statements.insert(aBatch(aStatement()))
    t.equal((await allPages(store, {})).length, 1)
    t.same(await backend.status(), { state: 'ok' })
  })

  t.test('the server undoes a transaction for another: it is repeated', async (t) => {
    const options = onEngine(t)
    // It looks for circles when it has waited for so long, and by then there must be one.
    const patient = await aRole(t, url, 'SUPERUSER')
    await sql(url, `ALTER ROLE "${patient.role}" SET deadlock_timeout = '3s'`)
    const store = await (await server(t, { ...options, connectionUri: patient.url })).store()
    const victim = aStatement()
    await store.statements.insert(aBatch(victim))
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    t.teardown(() => other.end())
    await other.query(`SET search_path = "${options.schema}"; SET deadlock_timeout = '60s'; BEGIN`)
    await other.query('SELECT FROM statement FOR UPDATE')
    // It waits for the statement; the other one then waits for the target: a circle, which is found from its end.
    const voiding = store.statements.insert(aBatch(aVoiding(victim)))
    await until(async () => {
      const [row] = await sql(
        url,
        `SELECT count(*)::integer AS waiting FROM pg_stat_activity
         WHERE application_name = 'ralph' AND wait_event_type = 'Lock' AND query LIKE '%UPDATE statement%'`
      )
      return row?.waiting === 1
    })
    await other.query('SELECT FROM target FOR UPDATE')
    await other.query('COMMIT')
    await voiding
    t.ok(await store.statements.find(victim.id, { voided: true }))
    t.equal((await allPages(store, {})).length, 1)
  })

  usePostgres(url, aSchema(t, url))
  killContract(t, 'postgres', Number(process.env.RALPH_TEST_KILLS ?? 5))
  followKilledContract(t, 'postgres')
}
