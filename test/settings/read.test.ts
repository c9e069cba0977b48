import t from 'tap'
import type { RalphError } from '../../src/errors.ts'
import { inRole, parameter, type SettingsGroup, setting, type Values } from '../../src/settings/define.ts'
import { integer, text } from '../../src/settings/kinds.ts'
import { flagValues } from '../../src/settings/load.ts'
import { createReader } from '../../src/settings/read.ts'
import type { Sources } from '../../src/settings/sources.ts'
import { sourcesOf } from '../support/settings-of.ts'

const port = setting('RUNSERVER_PORT', { kind: integer(0, 65_535), default: 8100, description: 'Port.' })
const password = setting('TEST_PASSWORD', { kind: integer(0, 9), default: 0, description: 'Secret.', secret: true })

const fs = {
  directory: parameter('DEFAULT_DIRECTORY_PATH', { kind: text, default: '.', description: 'Directory.' }),
  file: parameter('DEFAULT_LRS_FILE', { kind: text, default: 'fs_lrs.jsonl', description: 'File.' })
}

const read = <Settings extends SettingsGroup>(group: Settings, sources: Sources): Values<Settings> => {
  const reader = createReader(sources)
  const values = reader.read(group)
  reader.finish()
  return values
}

const refusal = (group: SettingsGroup, sources: Sources): RalphError => {
  try {
    read(group, sources)
  } catch (error) {
    return error as RalphError
  }
  throw new Error('it was accepted')
}

t.test(
  'a flag beats the environment, it beats .env, it beats the secrets directory, it beats the default',
  async (t) => {
    const all = {
      flag: { RALPH_RUNSERVER_PORT: '1' },
      environment: { RALPH_RUNSERVER_PORT: '2' },
      '.env': { RALPH_RUNSERVER_PORT: '3' },
      'secrets directory': { RALPH_RUNSERVER_PORT: '4' },
      'default of this command': { RALPH_RUNSERVER_PORT: '5' }
    }
    const { flag: _, ...noFlag } = all
    const { environment: __, ...noEnvironment } = noFlag
    const { '.env': ___, ...noDotEnv } = noEnvironment
    const { 'secrets directory': ____, ...onlyDefault } = noDotEnv
    t.strictSame(
      [all, noFlag, noEnvironment, noDotEnv, onlyDefault, {}].map((given) => read({ port }, sourcesOf(given)).port),
      [1, 2, 3, 4, 5, 8100]
    )
  }
)

t.test('a variable that is set to nothing is not set', async (t) => {
  t.equal(
    read({ port }, sourcesOf({ environment: { RALPH_RUNSERVER_PORT: '' }, '.env': { RALPH_RUNSERVER_PORT: '7' } }))
      .port,
    7
  )
})

t.test('a backend of the server is configured by LRS, else by DATA or DATABASE, else by default', async (t) => {
  const group = inRole('fs', 'LRS', fs)
  const lrs = { RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH: '/lrs' }
  const data = { RALPH_BACKENDS__DATA__FS__DEFAULT_DIRECTORY_PATH: '/data' }
  const database = { RALPH_BACKENDS__DATABASE__FS__DEFAULT_DIRECTORY_PATH: '/database' }
  const directory = (sources: Sources): string => read(group, sources).directory
  t.equal(directory(sourcesOf({ environment: { ...data, ...lrs } })), '/lrs')
  t.equal(directory(sourcesOf({ '.env': lrs, environment: data })), '/lrs', 'wherever each of them is set')
  t.equal(directory(sourcesOf({ environment: data })), '/data')
  t.equal(directory(sourcesOf({ environment: database })), '/database')
  t.equal(directory(sourcesOf({})), '.')
})

t.test('the names that Ralph 3 had work, as variables and in the group of the time', async (t) => {
  const group = inRole('fs', 'LRS', fs)
  for (const name of ['RALPH_BACKENDS__STORAGE__FS__PATH', 'RALPH_BACKENDS__LRS__FS__PATH']) {
    t.equal(read(group, sourcesOf({ environment: { [name]: '/old' } })).directory, '/old', name)
  }
})

t.test('a setting and its alias with different values are an error that names both', async (t) => {
  const group = inRole('fs', 'LRS', fs)
  const environment = {
    RALPH_BACKENDS__DATA__FS__DEFAULT_DIRECTORY_PATH: '/a',
    RALPH_BACKENDS__STORAGE__FS__PATH: '/b'
  }
  const { code, message } = refusal(group, sourcesOf({ environment }))
  t.equal(code, 'INVALID_SETTING')
  t.match(message, /RALPH_BACKENDS__DATA__FS__DEFAULT_DIRECTORY_PATH is "\/a"/)
  t.match(message, /RALPH_BACKENDS__STORAGE__FS__PATH is "\/b"/)
  const same = { ...environment, RALPH_BACKENDS__STORAGE__FS__PATH: '/a' }
  t.equal(read(group, sourcesOf({ environment: same })).directory, '/a', 'with the same value they are none')
})

t.test('flags have aliases, too, with the same rules', async (t) => {
  const groups = [inRole('fs', 'LRS', fs)]
  const flags = (given: Readonly<Record<string, string>>) =>
    sourcesOf({ flag: Object.fromEntries(flagValues(groups, (flag) => given[flag])) })
  t.equal(read(inRole('fs', 'LRS', fs), flags({ 'fs-path': '/a' })).directory, '/a')
  t.equal(
    refusal(inRole('fs', 'LRS', fs), flags({ 'fs-path': '/a', 'fs-default-directory-path': '/b' })).message,
    '--fs-default-directory-path is "/b" and --fs-path is "/a", but they are the same setting'
  )
})

t.test('a wrong value is refused by name, value, place and what was expected', async (t) => {
  const wrong = { RALPH_RUNSERVER_PORT: '99999' }
  const expected = 'expected a whole number from 0 to 65535'
  t.equal(refusal({ port }, sourcesOf({ environment: wrong })).message, `RALPH_RUNSERVER_PORT is "99999", ${expected}`)
  t.equal(refusal({ port }, sourcesOf({ flag: wrong })).message, `--port is "99999", ${expected}`)
  t.equal(
    refusal({ port }, sourcesOf({ '.env': wrong })).message,
    `RALPH_RUNSERVER_PORT is "99999" (.env), ${expected}`
  )
})

t.test('all wrong values are named at once, and the values of secrets are not', async (t) => {
  const environment = { RALPH_RUNSERVER_PORT: 'x', RALPH_TEST_PASSWORD: 'hunter2' }
  const { message, details } = refusal({ port, password }, sourcesOf({ environment }))
  t.match(message, /RALPH_RUNSERVER_PORT is "x"/)
  t.match(message, /RALPH_TEST_PASSWORD is \(not shown\)/)
  t.notMatch(JSON.stringify({ message, details }), /hunter2/)
})

t.test('what was read cannot be changed', async (t) => {
  t.ok(Object.isFrozen(read({ port }, sourcesOf({}))))
})
