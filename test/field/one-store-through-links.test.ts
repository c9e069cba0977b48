import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openFs } from '../../src/backends/fs/lrs.ts'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from '../support/clock.ts'

const skip = process.platform === 'win32' && 'links need rights'

const kinds = {
  sqlite: { file: 'ralph.db', open: openSqlite },
  fs: { file: 'fs_lrs.jsonl', open: openFs }
}

for (const [name, { file, open }] of Object.entries(kinds)) {
  t.test(`${name}: a store that is reached through links has one writer`, { skip }, async (t) => {
    const home = t.testdir()
    const [real, other, loop] = ['real', 'other', 'loop'].map((each) => join(home, each)) as [string, string, string]
    for (const directory of [real, other, loop]) mkdirSync(directory)
    const openIn = (directory: string) => {
      const backend = open({ directory }, contextOf(t, aClock().now, directory))
      t.teardown(() => backend.close())
      return backend
    }
    // Before the file is there, and through a link to a link.
    symlinkSync(join('..', 'real', file), join(home, 'middle'))
    symlinkSync(join('..', 'middle'), join(other, file))
    symlinkSync(join(real, file), join(home, 'middle2'))
    symlinkSync(real, join(home, 'directory'))
    const first = openIn(real)
    await first.store()
    await t.rejects(openIn(join(home, 'directory')).store(), { code: 'STORE_IN_USE' }, 'a linked directory')
    await first.close()

    mkdirSync(join(home, 'third'))
    symlinkSync(join('..', 'middle2'), join(home, 'third', file))
    const second = openIn(join(home, 'third'))
    await second.store()
    await t.rejects(openIn(real).store(), { code: 'STORE_IN_USE' }, 'a linked file')
    await second.close()
    await openIn(real).store()

    symlinkSync(join(loop, file), join(loop, file))
    await t.rejects(openIn(loop).store(), { code: 'STORE_UNAVAILABLE', message: /loop of symbolic links/ })
  })
}
