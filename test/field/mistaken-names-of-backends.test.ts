import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { archiveSources, dataBackends, lrsBackends } from '../../src/backends/registry.ts'
import { settingGroups } from '../../src/cli/sections.ts'
import { variablesOf } from '../../src/settings/load.ts'
import { findUnknown } from '../../src/settings/unknown.ts'
import { ralph } from '../support/ralph-process.ts'
import { sourcesOf } from '../support/settings-of.ts'

const known = variablesOf(settingGroups({ lrsBackends, dataBackends, archiveSources }))

const findIn = (name: string) => findUnknown(sourcesOf({ environment: { [name]: 'x' } }).ordered, known)

t.test(
  'a variable with a wrong group or backend is warned of, with the name that was meant (decision 2)',
  async (t) => {
    for (const [name, meant] of [
      ['RALPH_BACKENDS__STORAGE__ES__HOSTS', 'RALPH_BACKENDS__DATABASE__ES__HOSTS'],
      ['RALPH_BACKENDS__STREAM__MONGO__CONNECTION_URI', 'RALPH_BACKENDS__LRS__MONGO__CONNECTION_URI'],
      ['RALPH_BACKENDS__DATABASE__ELASTIC__HOSTS', 'RALPH_BACKENDS__DATABASE__ES__HOSTS'],
      ['RALPH_BACKENDS__DATA__ELASTICSEARCH__HOSTS', 'RALPH_BACKENDS__DATA__ES__HOSTS'],
      ['RALPH_BACKENDS__LRS__POSTGRESQL__HOST', 'RALPH_BACKENDS__LRS__POSTGRES__HOST'],
      ['RALPH_BACKENDS__LRS__MONGODB__CONNECTION_URI', 'RALPH_BACKENDS__LRS__MONGO__CONNECTION_URI'],
      ['RALPH_BACKENDS__LRS__S3__ACCESS_KEY_ID', 'RALPH_BACKENDS__DATA__S3__ACCESS_KEY_ID'],
      ['RALPH_BACKENDS__DATABASE__CLICKHOSE__HOST', 'RALPH_BACKENDS__DATABASE__CLICKHOUSE__HOST'],
      ['RALPH_BACKENDS__DATABSE__ES__HOSTS', 'RALPH_BACKENDS__DATABASE__ES__HOSTS']
    ] as const) {
      t.strictSame(findIn(name).warnings, [
        `${name} is not a setting of Ralph and has no effect; did you mean ${meant}?`
      ])
    }
  }
)

t.test('every name that a setting has is known, under each of its groups', async (t) => {
  for (const name of ['RALPH_BACKENDS__STORAGE__FS__PATH', 'RALPH_BACKENDS__DATABASE__ES__INDEX']) {
    t.strictSame(findIn(name), { warnings: [], passedOver: [] }, name)
  }
})

t.test('runserver, doctor and every other command warn of it', async (t) => {
  const appDir = mkdtempSync(join(tmpdir(), 'ralph-names-'))
  t.teardown(() => rmSync(appDir, { recursive: true, force: true }))
  const env = {
    RALPH_APP_DIR: appDir,
    RALPH_BACKENDS__DATABASE__ELASTIC__HOSTS: 'http://127.0.0.1:9',
    // Ends the server at its start.
    RALPH_RUNSERVER_HOST: 'host.invalid'
  }
  for (const command of [
    ['runserver', '--port', '0'],
    ['doctor'],
    ['settings'],
    ['list', '-b', 'fs'],
    ['validate', '-f', 'xapi']
  ]) {
    const { stderr } = await ralph(t, command, { env })
    t.match(
      stderr,
      /RALPH_BACKENDS__DATABASE__ELASTIC__HOSTS .+ did you mean RALPH_BACKENDS__DATABASE__ES__HOSTS\?/,
      String(command)
    )
  }
})

t.test('a backend that is not there is told with the one that was meant', async (t) => {
  for (const [name, meant] of [
    ['elastic', 'es'],
    ['PostgreSQL', 'postgres'],
    ['mongodb', 'mongo']
  ] as const) {
    for (const command of [
      ['runserver', '-b', name],
      ['list', '-b', name]
    ]) {
      t.match(await ralph(t, command), { code: 2, stderr: new RegExp(`did you mean ${meant}\\?`) }, String(command))
    }
  }
})
