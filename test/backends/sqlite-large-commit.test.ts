import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { aBatch, anId, aStatement } from '../support/statements.ts'

const mebibyte = 2 ** 20

/** A statement of so many bytes. */
const large = (size: number) =>
  aStatement({ id: anId(), result: { extensions: { 'https://extension.example.org/x': 'x'.repeat(size) } } })

t.test(
  'a large commit is copied from the log into the database before the next one, and the log does not grow',
  async (t) => {
    const directory = t.testdir()
    const backend = openSqlite({ directory }, contextOf(t, aClock().now, directory))
    t.teardown(() => backend.close())
    const store = await backend.store()
    const sizeOf = (name: string): number => statSync(join(directory, name)).size
    const log: number[] = []
    for (let round = 1; round <= 4; round += 1) {
      const batch = Array.from({ length: 16 }, () => large(mebibyte))
      const [report] = await Promise.all([
        store.statements.insert(aBatch(...batch)),
        store.statements.insert(aBatch(aStatement()))
      ])
      t.equal(report.inserted.length, 16)
      for (const { id } of batch) t.ok(await store.statements.find(id, { voided: false }))
      t.ok(sizeOf('ralph.db') > round * 16 * mebibyte, 'it is in the database')
      log.push(sizeOf('ralph.db-wal'))
    }
    t.ok(
      log.every((size) => size < 40 * mebibyte),
      `the log had ${log} bytes`
    )
    // Small commits look after the log by themselves again.
    for (let round = 0; round < 12; round += 1) await store.statements.insert(aBatch(large(mebibyte)))
    t.ok(sizeOf('ralph.db') > (4 * 16 + 8) * mebibyte)
  }
)
