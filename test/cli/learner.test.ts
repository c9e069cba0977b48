import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { ralph } from '../support/ralph-process.ts'
import { aBatch, aStatement, withMbox } from '../support/statements.ts'

const openIn = (t: Test, directory: string): LrsBackend => {
  const backend = openSqlite(
    { directory },
    contextOf(t, () => Date.now() * 1000, directory)
  )
  t.teardown(() => backend.close())
  return backend
}

t.test('ralph learner find counts what is kept, while a server has the store open and afterwards', async (t) => {
  const directory = t.testdir()
  const backend = openIn(t, directory)
  const store = await backend.store()
  await store.statements.insert(
    aBatch(aStatement({ actor: { ...withMbox('ann'), name: 'Ann\u001b' } }), aStatement({ actor: withMbox('ben') }))
  )
  const rejected = join(directory, 'rejected')
  mkdirSync(rejected)
  const about = { time: '2026-12-01T00:00:00Z', username: 'janedoe', error: 'INVALID_STATEMENT', message: 'no verb' }
  for (const [id, name] of Object.entries({ one: 'ann', two: 'ben' })) {
    writeFileSync(join(rejected, `${id}.json`), JSON.stringify({ id, ...about }))
    writeFileSync(join(rejected, `${id}.body`), JSON.stringify({ actor: withMbox(name) }))
  }
  const env = {
    RALPH_APP_DIR: directory,
    TMPDIR: directory,
    RALPH_LRS_REJECTED_REQUESTS_DIRECTORY: rejected
  }
  const expected = { target: null, searched: 2, statements: 1, rejectedRequests: ['one'], imports: [] }
  const during = await ralph(t, ['learner', 'find', 'ann@example.org', '--json'], { env })
  t.equal(during.code, 0, during.stderr)
  t.match(during.stderr, /a copy of it is looked at/)
  t.match(JSON.parse(during.stdout), expected)
  t.notOk(
    readdirSync(directory).some((name) => name.startsWith('ralph-copy-')),
    'the copy is removed'
  )
  await backend.close()
  const afterwards = await ralph(t, ['learner', 'find', 'mailto:ann@example.org'], { env })
  t.equal(afterwards.code, 0, afterwards.stderr)
  t.match(afterwards.stdout, /^1 statement of 2\n {2}as actor 1, /)
  t.match(afterwards.stdout, /1 rejected request\n {2}one\n/)
  t.notMatch(afterwards.stdout, '\u001b', 'a name does not command the terminal')
  const nobody = await ralph(t, ['learner', 'find', 'somebody'], { env })
  t.equal(nobody.code, 2, nobody.stderr)
  t.match(nobody.stderr, /not the identifier of a learner/)
})
