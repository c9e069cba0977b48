import { join } from 'node:path'
import t, { type Test } from 'tap'
import { engineFor } from '../support/engines/engine-for.ts'
import { ralph } from '../support/ralph-process.ts'
import { aStatement } from '../support/statements.ts'
import { aUser, writeUsers } from '../support/users.ts'

const anAppDir = async (t: Test): Promise<string> => {
  const directory = t.testdir()
  await writeUsers(join(directory, 'auth.json'), [await aUser('ann', 'secret')])
  return directory
}

const engine = await engineFor('clickhouse')

if ('missing' in engine) t.test('clickhouse in the toolbox', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { hostname, port } = new URL(engine.url)
  const database = `ralph_absent_${process.pid}`
  const at = (role: string, name = database): Record<string, string> => ({
    [`RALPH_BACKENDS__${role}__CLICKHOUSE__HOST`]: hostname,
    [`RALPH_BACKENDS__${role}__CLICKHOUSE__PORT`]: port,
    [`RALPH_BACKENDS__${role}__CLICKHOUSE__DATABASE`]: name
  })
  const input = `${JSON.stringify(aStatement({ timestamp: '2026-01-01T00:00:00Z' }))}\n`
  const commands = ['list', 'read', 'write', 'status'] as const

  t.test('a database that is absent is told by every command as by runserver, with how to make it', async (t) => {
    const told = new RegExp(`has no database ${database}\\. Make it with:\\s+CREATE DATABASE \`?${database}`)
    const env = { ...at('LRS'), RALPH_APP_DIR: await anAppDir(t) }
    const served = await ralph(t, ['runserver', '-b', 'clickhouse', '--port', '0'], { env })
    t.match(served.stderr, told, 'runserver')
    for (const command of commands) {
      const { code, stderr, stdout } = await ralph(t, [command, '-b', 'clickhouse'], { env: at('DATA'), input })
      t.not(code, 0, command)
      t.match(stderr + stdout, told, command)
      t.notMatch(stderr, /was dropped/, command)
    }
  })

  t.test('a table that is absent is named, with what makes it', async (t) => {
    const read = ['read', '-b', 'clickhouse', '-t', 'not_there']
    const { code, stderr } = await ralph(t, read, { env: at('DATA', 'default') })
    t.not(code, 0)
    t.match(stderr, /has no table default\.not_there: `ralph write` makes it, `ralph list` names those that are there/)
  })

  t.test('a wrong password is told as by runserver', async (t) => {
    const wrong = (role: string) => ({
      ...at(role, 'default'),
      [`RALPH_BACKENDS__${role}__CLICKHOUSE__USERNAME`]: 'default',
      [`RALPH_BACKENDS__${role}__CLICKHOUSE__PASSWORD`]: 'wrong-secret'
    })
    const told = /it refuses the user or the password: check USERNAME and PASSWORD/
    const env = { ...wrong('LRS'), RALPH_APP_DIR: await anAppDir(t) }
    const served = await ralph(t, ['runserver', '-b', 'clickhouse', '--port', '0'], { env })
    t.match(served.stderr, told, 'runserver')
    for (const command of commands) {
      const { code, stderr, stdout } = await ralph(t, [command, '-b', 'clickhouse'], { env: wrong('DATA'), input })
      t.not(code, 0, command)
      t.match(stderr + stdout, told, command)
      t.notMatch(stderr, /wrong-secret/, 'without the password')
    }
  })
}
