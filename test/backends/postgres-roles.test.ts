import t, { type Test } from 'tap'
import { openPostgres } from '../../src/backends/postgres/lrs.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { aRole, aSchema, server, sql } from '../support/postgres.ts'
import { aBatch, anActivity, aStatement, aVoiding, withMbox } from '../support/statements.ts'

const unavailable = { name: 'RalphError', code: 'STORE_UNAVAILABLE' }
const ann = withMbox('ann')

const engine = await engineFor('postgres')

if ('missing' in engine) t.test('roles of postgres', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine
  const onEngine = (t: Test) => ({ connectionUri: url, schema: aSchema(t, url) })

  t.test('a role that may not make the tables is told what to run, and needs no more than it says', async (t) => {
    const options = onEngine(t)
    const { role, url: connectionUri } = await aRole(t, url)
    const asRole = { ...options, connectionUri }
    const context = contextOf(t, aClock().now, t.testdirName)
    await t.rejects(openPostgres(asRole, context), {
      ...unavailable,
      message: `CREATE SCHEMA IF NOT EXISTS "${options.schema}" AUTHORIZATION "${role}"`
    })
    // Somebody else makes the tables.
    await (await server(t, options)).store()
    const said = await openPostgres(asRole, context).catch((error: unknown) => String(error))
    const grants = String(said).match(/GRANT [^;(]+"/g) ?? []
    t.equal(grants.length, 3, String(said))
    await sql(url, grants.join(';'))
    const store = await (await server(t, asRole)).store('own')
    const statement = aStatement({ object: anActivity('course', { name: { en: 'Course' } }), actor: ann })
    await store.statements.insert(aBatch(statement, aVoiding(statement)))
    const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'profile' } as const
    await store.documents.change(key, () => ({ content: Buffer.from('x'), contentType: 'x/y' }))
    await store.documents.clear(key)
    t.ok(await store.statements.find(statement.id, { voided: true }))
  })

  t.test('tables of a newer Ralph are left alone', async (t) => {
    const options = onEngine(t)
    await (await server(t, options)).store()
    await sql(url, `INSERT INTO "${options.schema}".migration (number) VALUES (99)`)
    const opening = openPostgres(options, contextOf(t, aClock().now, t.testdirName))
    await t.rejects(opening, { code: 'STORE_CORRUPT', message: /newer version/ })
  })

  t.test('wrong credentials and a missing database are said to be so', async (t) => {
    const context = contextOf(t, aClock().now, t.testdirName)
    const { hostname, port } = new URL(url)
    const to = { host: hostname, port: Number(port) }
    const missing = openPostgres({ ...to, user: 'postgres', database: 'no_such_database' }, context)
    await t.rejects(missing, { ...unavailable, message: 'CREATE DATABASE "no_such_database"' })
    const nobody = openPostgres({ ...to, user: 'nobody"s', database: 'postgres' }, context)
    await t.rejects(nobody, { ...unavailable, message: 'refuses the role' })
  })
}
