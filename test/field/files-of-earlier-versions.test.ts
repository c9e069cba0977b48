import { chmodSync, cpSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openFs } from '../../src/backends/fs/lrs.ts'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'
import { aBatch, aStatement } from '../support/statements.ts'

const modeOf = (path: string): number => statSync(path).mode & 0o777
const skip = process.platform === 'win32'

for (const { backend, open, names } of [
  { backend: 'sqlite', open: openSqlite, names: ['ralph.db', 'ralph.db-wal', 'ralph.db-shm'] },
  { backend: 'fs', open: openFs, names: ['fs_lrs.jsonl', '.lrs'] }
]) {
  t.test(
    `field B13: files of ${backend} that an earlier version left to everybody are their owner's`,
    { skip },
    async (t) => {
      const [before, after] = [join(t.testdir({}), 'before'), join(t.testdirName, 'after')]
      mkdirSync(before)
      const earlier = open({ directory: before }, contextOf(t, aClock().now, before))
      const statement = aStatement()
      await (await earlier.store()).statements.insert(aBatch(statement))
      // As a server leaves it that was killed: what is written ahead is there.
      cpSync(before, after, { recursive: true })
      await earlier.close()
      for (const name of names) chmodSync(join(after, name), name === '.lrs' ? 0o755 : 0o644)
      const warnings: string[] = []
      const context = { ...contextOf(t, aClock().now, after), warn: (message: string) => warnings.push(message) }
      const backend = open({ directory: after }, context)
      t.ok(await (await backend.store()).statements.find(statement.id, { voided: false }), 'it is read as before')
      for (const name of names) t.equal(modeOf(join(after, name)), name === '.lrs' ? 0o700 : 0o600, name)
      t.equal(warnings.length, 1)
      t.match(warnings[0], /^Everybody on this machine could read/)
      for (const name of names) t.match(warnings[0], join(after, name))
      await backend.close()
      const [first = ''] = names
      chmodSync(join(after, first), 0o640)
      const again = open({ directory: after }, context)
      await again.store()
      t.equal(modeOf(join(after, first)), 0o640, 'a group that was let in stays in')
      t.equal(warnings.length, 1)
      await again.close()
    }
  )
}
