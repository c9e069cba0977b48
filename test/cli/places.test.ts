import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ralph } from '../support/ralph-process.ts'

const variable = 'RALPH_BACKENDS__DATA__FS__DEFAULT_DIRECTORY_PATH'

t.test('ralph status says how a backend is, and its exit code says whether it is well', async (t) => {
  const directory = t.testdir()
  t.match(await ralph(t, ['status', '-b', 'fs'], { env: { [variable]: directory } }), {
    code: 0,
    stdout: 'ok\n',
    stderr: ''
  })
  t.match(await ralph(t, ['status', '-b', 'fs'], { env: { [variable]: join(directory, 'x') } }), {
    code: 1,
    stdout: /^error: .*x does not exist: the first write creates it\n$/,
    stderr: ''
  })
  t.match(await ralph(t, ['status', '-b', 'lrs', '--lrs-base-url', 'http://127.0.0.1:9']), {
    code: 1,
    stdout: /^away: [^\n]+\n$/
  })
})

t.test('ralph delete takes away what it is told to, each by itself, and asks only a terminal', async (t) => {
  const directory = t.testdir({ one: '1', two: '2', three: '3' })
  const env = { [variable]: directory }
  t.match(await ralph(t, ['delete', '-b', 'fs', 'one'], { env, input: 'y\n' }), {
    code: 2,
    stderr: /add --yes if you are sure/
  })
  t.same(readdirSync(directory).length, 3)
  const { code, stderr } = await ralph(t, ['delete', '-b', 'fs', '--yes', 'one', 'nothing', join(directory, 'two')], {
    env
  })
  t.equal(code, 1)
  t.match(
    stderr,
    /INFO {5}one is deleted\n.*two is deleted\n.*delete fs: 2 of 3 deleted\nError: .*nothing is not there\n$/
  )
  t.same(readdirSync(directory), ['three'])
  t.match(await ralph(t, ['delete', '-b', 'fs'], { env }), { code: 2, stderr: /missing required argument/ })
})

t.test('ralph backends says what each can do', async (t) => {
  const { code, stdout } = await ralph(t, ['backends'])
  t.equal(code, 0)
  t.match(stdout, /^name +aliases +LRS +moves +list +read +write +delete +driver +what it is\n/)
  t.match(stdout, /\nfs +- +yes +bytes +yes +yes +create, index, update, append +yes +- +files of a directory\n/)
  t.match(stdout, /\nmemory +- +yes +- +- /)
  const json = JSON.parse((await ralph(t, ['backends', '--format', 'json'])).stdout)
  t.match(
    json.find(({ name }: { name: string }) => name === 'lrs'),
    { aliases: ['async_lrs'], lrs: false, moves: 'records', list: false, read: true }
  )
})

const user = JSON.stringify([
  {
    agent: { mbox: 'mailto:ada@example.org' },
    scopes: ['all'],
    hash: '$2b$12$lBBFTIJh1jvS6q8NWJycKe2Jc05SqL5fX0lyuZBxf1UpPKzDhNwmS',
    username: 'ada'
  }
])

t.test('ralph doctor finds nothing where all is well', async (t) => {
  const root = t.testdir({ app: { 'auth.json': user }, files: {} })
  const env = { RALPH_APP_DIR: join(root, 'app'), [variable]: join(root, 'files') }
  const { code, stdout } = await ralph(t, ['doctor'], { env, cwd: root })
  t.equal(
    stdout,
    'ok       settings\nok       auth file\nok       history\nok       backend sqlite of the LRS\nok       data backend fs\n'
  )
  t.equal(code, 0)
  t.same(readdirSync(join(root, 'app')), ['auth.json'], 'it leaves nothing behind')
})

t.test('ralph doctor names everything that is wrong or missing', async (t) => {
  const root = t.testdir({ app: { 'history.json': '{}' } })
  const env = {
    RALPH_APP_DIR: join(root, 'app'),
    RALPH_RUNSERVER_PORT: 'x',
    RALPH_RUNSERVER_BACKEND: 'nope',
    RALPH_BACKENDS__DATA__LRS__BASE_URL: 'http://127.0.0.1:9',
    RALPH_BACKENDS__DATA__SHELF__HEIGHT: '7',
    [variable]: join(root, 'nothing')
  }
  const { code, stdout } = await ralph(t, ['doctor'], { env, cwd: root })
  t.equal(code, 1)
  t.match(stdout, /^error {4}settings: RALPH_RUNSERVER_PORT is "x", expected a whole number/m)
  t.match(stdout, /^missing {2}auth file: .*auth\.json does not exist; create it: ralph auth /m)
  t.match(stdout, /^error {4}history: The history .* is no list of objects/m)
  t.match(stdout, /^error {4}backend nope of the LRS: There is no backend "nope"/m)
  t.match(stdout, /^error {4}data backend fs: .*nothing does not exist/m)
  t.match(stdout, /^away {5}data backend lrs: /m)
  t.match(stdout, /^missing {2}data backend shelf: .*ralph-backend-shelf/m)
  t.notOk(existsSync(join(root, 'nothing')))
})

t.test('the settings of data backends stand in ralph settings, and their variables are known', async (t) => {
  const { stdout, stderr } = await ralph(t, ['settings', '--format', 'json'], {
    env: { [variable]: '/x', RALPH_HISTORY_FILE: '/y' }
  })
  t.equal(stderr, '')
  const all: { variable: string; set: unknown; aliases: string[] }[] = JSON.parse(stdout)
  const found = all.find((each) => each.variable === variable)
  t.match(found, { set: { value: '/x', source: 'environment' } })
  t.ok(found?.aliases.includes('RALPH_BACKENDS__STORAGE__FS__PATH'))
  t.match(
    all.find((each) => each.variable === 'RALPH_HISTORY_FILE'),
    { set: { value: '/y' } }
  )
})

t.test('every variable of a data backend has a flag that is its own', async (t) => {
  const all: { group: string; variable: string; flag: string }[] = JSON.parse(
    (await ralph(t, ['settings', '--format', 'json'])).stdout
  )
  const data = all.filter(({ group }) => group.startsWith('Data backend '))
  t.ok(data.length > 10)
  t.equal(new Set(data.map(({ flag }) => flag)).size, data.length)
  const help = (await ralph(t, ['read', '--help'])).stdout
  for (const { group, variable: name, flag } of data) {
    if (help.includes(`\n${group.replace('Data b', 'B')}:\n`))
      t.ok(help.includes(`  ${flag}`) && help.includes(`[${name}]`), flag)
  }
})

t.test('the help has a group for each backend that can do it, or for the one that is chosen', async (t) => {
  const groups = async (...words: readonly string[]): Promise<readonly string[]> =>
    [...(await ralph(t, [...words, '--help'])).stdout.matchAll(/^Backend (\w+):$/gm)].map(([, name]) => name ?? '')
  const all = await groups('read')
  t.ok(all.includes('fs') && all.includes('ws'))
  t.notOk((await groups('write')).includes('ws'))
  t.same(await groups('read', '-b', 'fs'), ['fs'])
  t.same(await groups('fetch', '--backend=async_lrs'), ['lrs'])
  t.same(await groups('read', '-b', 'nope'), all)
})

t.test('secrets are shown neither in the help nor in the settings', async (t) => {
  const env = {
    RALPH_BACKENDS__DATA__S3__SECRET_ACCESS_KEY: 'verySecret',
    RALPH_BACKENDS__DATA__LRS__PASSWORD: 'verySecret'
  }
  for (const words of [['read', '--help'], ['settings'], ['settings', '-f', 'json'], ['-v', 'DEBUG', 'doctor']]) {
    const { stdout, stderr } = await ralph(t, words, { env, cwd: t.testdir() })
    t.notMatch(stdout + stderr, 'verySecret', words.join(' '))
  }
})
