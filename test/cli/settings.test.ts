import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ralph } from '../support/ralph-process.ts'

interface Described {
  readonly variable: string
  readonly set: { readonly value: string; readonly source: string } | null
}

const settings = async (
  t: Test,
  { env = {}, files = {} }: { env?: Readonly<Record<string, string>>; files?: Readonly<Record<string, string>> }
) => {
  const { code, stdout, stderr } = await ralph(t, ['settings', '--format', 'json'], { cwd: t.testdir(files), env })
  t.equal(code, 0, stderr)
  const all: readonly Described[] = JSON.parse(stdout)
  return { stderr, of: (variable: string) => all.find((each) => each.variable === variable)?.set }
}

t.test('the environment and .env in the working directory are read, the environment first', async (t) => {
  const { of } = await settings(t, {
    env: { RALPH_RUNSERVER_PORT: '1' },
    files: { '.env': 'RALPH_RUNSERVER_PORT=2\nRALPH_RUNSERVER_HOST="::1"\nOTHER=x\n' }
  })
  t.match(of('RALPH_RUNSERVER_PORT'), { value: '1', source: 'environment' })
  t.match(of('RALPH_RUNSERVER_HOST'), { value: '::1', source: '.env' })
  t.equal(of('RALPH_RUNSERVER_BACKEND'), null)
})

t.test('RALPH_SECRETS_DIR is a directory of files named as variables', async (t) => {
  const secrets = t.testdir({ RALPH_RUNSERVER_PORT: '3\n', 'other.txt': 'x' })
  const result = await ralph(t, ['settings', '--format', 'text'], { env: { RALPH_SECRETS_DIR: secrets } })
  t.match(result.stdout, 'RALPH_RUNSERVER_PORT = 3  (secrets directory)')
  const missing = await ralph(t, ['settings'], { env: { RALPH_SECRETS_DIR: join(secrets, 'missing') } })
  t.match(missing, { code: 2, stderr: /^Error: RALPH_SECRETS_DIR \(.*missing\) cannot be read: ENOENT[^\n]*\n$/ })
})

t.test('a misspelt variable is warned of with the nearest name, on standard error', async (t) => {
  const { stderr } = await settings(t, { files: { '.env': 'RALPH_RUNSERVER_PROT=2\n' } })
  t.match(stderr, /WARNING {2}RALPH_RUNSERVER_PROT is not a setting .* did you mean RALPH_RUNSERVER_PORT\?\n$/)
})

t.test('a directory named .env is none of our business, an unreadable .env is', async (t) => {
  const { of } = await settings(t, { files: {} })
  t.equal(of('RALPH_RUNSERVER_PORT'), null)
  const cwd = t.testdir({ '.env': { bin: {} } })
  t.match(await ralph(t, ['settings'], { cwd }), { code: 0 })
})

t.test('the reference in markdown is a table for each group', async (t) => {
  const cwd = t.testdir()
  writeFileSync(join(cwd, '.env'), 'RALPH_RUNSERVER_PORT=99\n')
  const { stdout } = await ralph(t, ['settings', '--format', 'markdown'], { cwd })
  t.match(
    stdout,
    '### Server\n\n| variable | default | meaning |\n| --- | --- | --- |\n| `RALPH_RUNSERVER_BACKEND` | `sqlite` |'
  )
  t.match(stdout, '### Backend fs')
  t.match(stdout, '| `RALPH_RUNSERVER_PORT` | `8100` |')
  const [, names] = stdout.split('### Other names')
  t.match(names, '| `RALPH_BACKENDS__LRS__ES__…` | `RALPH_BACKENDS__DATA__ES__…`, `RALPH_BACKENDS__DATABASE__ES__…` |')
  t.match(names, '| `…__ES__DEFAULT_INDEX` | `…__ES__INDEX` |')
  t.notMatch(stdout, cwd)
})

t.test('an unknown format is a usage error', async (t) => {
  t.match(await ralph(t, ['settings', '--format', 'yaml'], { cwd: t.testdir() }), {
    code: 2,
    stderr: /Allowed choices are text, markdown, env, json/
  })
})
