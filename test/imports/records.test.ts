import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import type { ListImports } from '../../src/contracts/imports.ts'
import { openRecords } from '../../src/imports/open.ts'
import { migrationsFor } from '../../src/imports/records/sql.ts'
import { openSqliteRecords } from '../../src/imports/records/sqlite.ts'
import { aRecord, importRecordsContract } from '../contracts/import-records.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { aSchema, sql } from '../support/postgres.ts'

t.test('sqlite', async (t) => {
  const file = join(t.testdir(), 'imports.db')
  importRecordsContract(t, (clock) => openRecords({ databaseUrl: undefined, file }, clock))
})

const engine = await engineFor('postgres')
t.test('postgres', { skip: 'missing' in engine ? engine.missing : false }, async (t) => {
  if ('missing' in engine) return
  t.teardown(() => engine.stop())
  const schema = aSchema(t, engine.url)
  await sql(engine.url, `CREATE SCHEMA "${schema}"`)
  const url = new URL(engine.url)
  url.searchParams.set('options', `-c search_path=${schema}`)
  importRecordsContract(t, (clock) => openRecords({ databaseUrl: url.href, file: '' }, clock))
})

t.test('the lease of a process of this machine that is dead is not waited for', async (t) => {
  const file = join(t.testdir(), 'imports.db')
  const made = aRecord(1)
  const script = `
    import { openRecords } from ${JSON.stringify(new URL('../../src/imports/open.ts', import.meta.url).href)}
    const records = await openRecords({ databaseUrl: undefined, file: ${JSON.stringify(file)} }, () => Date.now() * 1000)
    await records.insert(${JSON.stringify(made)})
    process.kill(process.pid, 'SIGKILL')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
  t.same(await once(child, 'exit'), [null, 'SIGKILL'])
  const records = await openRecords({ databaseUrl: undefined, file }, () => Date.now() * 1000)
  t.equal((await records.find(made.id))?.isRunning, false)
  t.ok(await records.claim(made.id))
  await records.close()
})

t.test('records of before the columns that lists ask for are found by them', async (t) => {
  const file = join(t.testdir(), 'imports.db')
  const made = aRecord(1, { user: { username: 'jane', agent: {}, scopes: [], target: 'school' } })
  const { DatabaseSync } = await import('node:sqlite')
  const before = new DatabaseSync(file)
  before.exec(`${migrationsFor(() => 'NULL')[0]}; PRAGMA application_id = ${0x524c5049}; PRAGMA user_version = 1`)
  before
    .prepare(
      `INSERT INTO ralph_import (id, status, door, username, destination, created, body)
       VALUES (?, 'DONE', 'command', 'jane', 'lrs', 1, ?)`
    )
    .run(made.id, JSON.stringify(made))
  before.close()
  const records = await openRecords({ databaseUrl: undefined, file }, () => 0)
  const idsOf = async (filter: ListImports) => (await records.list(filter)).map(({ kept }) => kept.id)
  t.same(
    await idsOf({
      store: { target: 'school' },
      reference: made.source.reference,
      ...(made.sha256 && { sha256: made.sha256 })
    }),
    [made.id]
  )
  t.same(await idsOf({ store: { target: undefined } }), [])
  await records.close()
})

t.test('a file of another program, and one of a later version, are left as they are', async (t) => {
  const file = join(t.testdir(), 'other.db')
  const { DatabaseSync } = await import('node:sqlite')
  const other = new DatabaseSync(file)
  other.exec('CREATE TABLE theirs (a)')
  other.close()
  t.throws(() => openSqliteRecords(file), { code: 'STORE_CORRUPT' })
  const ours = join(t.testdirName, 'ours.db')
  await openSqliteRecords(ours).close()
  const later = new DatabaseSync(ours)
  later.exec('PRAGMA user_version = 99')
  later.close()
  t.throws(() => openSqliteRecords(ours), { code: 'STORE_CORRUPT', message: /newer version/ })
})
