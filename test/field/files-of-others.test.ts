import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { basic } from '../support/lrs.ts'
import { ralph, runserver } from '../support/ralph-process.ts'
import { sent } from '../support/requests.ts'
import { aUser } from '../support/users.ts'

const modeOf = (path: string): number => statSync(path).mode & 0o777

const store = async (url: string): Promise<void> => {
  const headers = { authorization: basic('jane', 'supersecret'), 'content-type': 'application/json' }
  await fetch(`${url}/xAPI/statements`, { method: 'POST', headers, body: JSON.stringify(sent()) })
}

t.test('field B13: whatever the umask, files that Ralph makes are for their owner alone', async (t) => {
  const before = process.umask(0o000)
  t.teardown(() => process.umask(before))
  const users = JSON.stringify([await aUser('jane', 'supersecret')])
  for (const backend of ['sqlite', 'fs']) {
    const app = join(t.testdir({}), 'app')
    mkdirSync(app)
    writeFileSync(join(app, 'auth.json'), users, { mode: 0o600 })
    const directory = join(app, 'made', 'here')
    const place = {
      RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH: directory,
      RALPH_BACKENDS__LRS__SQLITE__DIRECTORY_PATH: directory
    }
    const { url, stop } = await runserver(t, ['-h', '127.0.0.1', '-b', backend], {
      cwd: app,
      env: { RALPH_APP_DIR: app, ...place }
    })
    await store(url)
    const made = readdirSync(app, { recursive: true, withFileTypes: true })
    t.ok(made.length > 2, backend)
    for (const each of made) {
      const path = join(each.parentPath, each.name)
      t.equal(modeOf(path), each.isDirectory() ? 0o700 : 0o600, path)
    }
    await stop()
  }
})

t.test('field B13: an auth file that everybody can write is said at the start, and when it becomes so', async (t) => {
  const app = t.testdir({ 'auth.json': JSON.stringify([await aUser('jane', 'supersecret')]) })
  const file = join(app, 'auth.json')
  chmodSync(file, 0o666)
  const { stop, log } = await runserver(t, ['-h', '127.0.0.1'], { cwd: app, env: { RALPH_APP_DIR: app } })
  await stop()
  t.match(
    log(),
    /auth\.json: everybody on this machine can write to it, and so anybody can log in as any user: chmod o-w/
  )
  const asked = await ralph(t, ['doctor'], { cwd: app, env: { RALPH_APP_DIR: app } })
  t.equal(asked.code, 1, 'doctor')
  t.match(asked.stdout, /^degraded {2}auth file: .+auth\.json: everybody on this machine can write to it/m)
  chmodSync(file, 0o644)
  const mended = await runserver(t, ['-h', '127.0.0.1'], { cwd: app, env: { RALPH_APP_DIR: app } })
  await mended.stop()
  t.notMatch(mended.log(), /everybody on this machine/)
  t.match((await ralph(t, ['doctor'], { cwd: app, env: { RALPH_APP_DIR: app } })).stdout, /^ok +auth file$/m)
})
