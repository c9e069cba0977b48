import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verify } from '@node-rs/bcrypt'
import t, { type Test } from 'tap'
import { type RalphResult, ralph } from '../support/ralph-process.ts'

const auth = (t: Test, words: readonly string[], appDir: string, input?: string): Promise<RalphResult> =>
  ralph(t, ['auth', ...words], {
    cwd: appDir,
    env: { RALPH_APP_DIR: appDir },
    ...(input === undefined ? {} : { input })
  })

const janedoe = ['-u', 'janedoe', '-p', 'supersecret', '-s', 'all']
const mbox = ['-M', 'mailto:janedoe@example.org']

t.test('without -w, credentials are printed after where to copy them', async (t) => {
  const appDir = t.testdir()
  const { code, stdout, stderr } = await auth(t, [...janedoe, ...mbox, '-N', 'Jane Doe'], appDir)
  t.equal(code, 0)
  const [first = '', ...rest] = stdout.split('\n')
  t.equal(
    first,
    `Copy/paste the following credentials to your LRS authentication file located in: ${join(appDir, 'auth.json')}`
  )
  const credentials = JSON.parse(rest.join('\n'))
  t.strictSame(credentials, {
    agent: { mbox: 'mailto:janedoe@example.org', objectType: 'Agent', name: 'Jane Doe' },
    scopes: ['all'],
    hash: credentials.hash,
    username: 'janedoe'
  })
  t.ok(await verify('supersecret', credentials.hash))
  t.match(stderr, /INFO {5}Will generate credentials for user: janedoe\n/)
  t.notMatch(stdout + stderr, /supersecret/)
})

t.test('each identifier of an agent, several scopes and a target, by long names', async (t) => {
  const appDir = t.testdir()
  const sha1 = 'a'.repeat(40)
  for (const [words, agent] of [
    [['--agent-ifi-mbox', 'mailto:j@example.org'], { mbox: 'mailto:j@example.org' }],
    [['--agent-ifi-mbox-sha1sum', sha1], { mbox_sha1sum: sha1 }],
    [['--agent-ifi-openid', 'https://example.org/jane'], { openid: 'https://example.org/jane' }],
    [
      ['--agent-ifi-account', 'jane', 'https://example.org'],
      { account: { name: 'jane', homePage: 'https://example.org' } }
    ]
  ] as const) {
    const { code, stdout, stderr } = await auth(
      t,
      ['--username', 'jane', '--password', 'x', '--scope', 'define', '--scope', 'all/read', '--target', 'c', ...words],
      appDir
    )
    t.equal(code, 0, stderr)
    t.match(JSON.parse(stdout.slice(stdout.indexOf('\n'))), {
      agent: { ...agent, objectType: 'Agent' },
      scopes: ['define', 'all/read'],
      target: 'c'
    })
  }
})

t.test('-w makes the file and appends to it, and prints nothing', async (t) => {
  const appDir = join(t.testdir(), 'new', 'directory')
  const env = { RALPH_APP_DIR: appDir }
  const cwd = t.testdirName
  const first = await ralph(t, ['auth', ...janedoe, ...mbox, '-w'], { cwd, env })
  t.match(first, { code: 0, stdout: '' })
  t.match(first.stderr, `User janedoe has been added to: ${join(appDir, 'auth.json')}`)
  const second = await ralph(t, ['auth', '-u', 'b', '-p', 'x', '-s', 'all', '-A', 'b', 'https://b.org', '-w'], {
    cwd,
    env
  })
  t.equal(second.code, 0)
  const users: readonly { username: string }[] = JSON.parse(readFileSync(join(appDir, 'auth.json'), 'utf8'))
  t.strictSame(
    users.map(({ username }) => username),
    ['janedoe', 'b']
  )
  const again = await ralph(t, ['auth', ...janedoe, ...mbox, '-w'], { cwd, env })
  t.match(again, { code: 1, stderr: /^Error: [^\n]*auth\.json already has a user "janedoe"\n$/ })
})

t.test('--auth-file and RALPH_AUTH_FILE say which file', async (t) => {
  const dir = t.testdir()
  const env = { RALPH_AUTH_FILE: join(dir, 'a.json') }
  t.match(await ralph(t, ['auth', ...janedoe, ...mbox, '-w'], { cwd: dir, env }), { code: 0 })
  t.match(await ralph(t, ['auth', ...janedoe, ...mbox, '-w', '--auth-file', 'b.json'], { cwd: dir, env }), { code: 0 })
  for (const file of ['a.json', 'b.json']) t.equal(JSON.parse(readFileSync(join(dir, file), 'utf8')).length, 1)
})

t.test('who makes a user beside a demo is told which auth file `npm start` reads', async (t) => {
  const cwd = t.testdir({ '.ralph': { 'auth.json': '[]' } })
  const demo = join(cwd, '.ralph', 'auth.json')
  const hint = `"npm start" reads another auth file; for a user there add: --auth-file ${JSON.stringify(demo)}\n`
  const env = { RALPH_AUTH_FILE: join(cwd, 'a.json') }
  t.match(await ralph(t, ['auth', ...janedoe, ...mbox, '-w'], { cwd, env }), { code: 0, stderr: hint })
  const there = await ralph(t, ['auth', ...janedoe, ...mbox, '-w', '--auth-file', demo], { cwd, env })
  t.equal(there.code, 0)
  t.notMatch(there.stderr, 'npm start')
  t.match(JSON.parse(readFileSync(demo, 'utf8')), [{ username: 'janedoe' }])
})

t.test('a missing password is read from standard input, repeated or not', async (t) => {
  const appDir = t.testdir()
  const words = ['-u', 'jane', '-s', 'all', ...mbox]
  for (const input of ['hunter2\nhunter2\n', 'hunter2\n', 'hunter2']) {
    const { code, stdout } = await auth(t, words, appDir, input)
    t.equal(code, 0)
    t.ok(await verify('hunter2', JSON.parse(stdout.slice(stdout.indexOf('\n'))).hash))
  }
  t.match(await auth(t, words, appDir, 'a\nb\n'), { code: 1, stderr: /Error: The two entered values do not match\n$/ })
  t.match(await auth(t, words, appDir, ''), { code: 1, stderr: /Error: Aborted: no password was given\n$/ })
})

t.test('none or several identifiers are a usage error with the five lines of Ralph', async (t) => {
  const appDir = t.testdir()
  for (const words of [[], [...mbox, '-O', 'https://example.org/j'], ['-S', 'x', '-A', 'a', 'b']]) {
    const { code, stdout, stderr } = await auth(t, [...janedoe, ...words], appDir)
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(
      stderr,
      /Error: Exactly one \(1\) of the ifi options is required\. These options are:\n-M --agent-ifi-mbox : mbox Agent IFI\n-S .*\n-O .*\n-A --agent-ifi-account : account Agent IFI\n$/
    )
  }
})

t.test('words that are missing or of wrong form are usage errors', async (t) => {
  const appDir = t.testdir()
  for (const [words, says] of [
    [['-p', 'x', '-s', 'all', ...mbox], /required option '-u, --username <name>' not specified/],
    [['-u', 'x', '-p', 'x', ...mbox], /required option '-s, --scope <scope>' not specified/],
    [
      [...janedoe, '-M', 'janedoe@example.org'],
      /Mbox field must start with "mailto:" \(e\.g\.: "mailto:foo@bar\.com"\)/
    ],
    [[...janedoe, '-A', 'jane'], /takes two words: NAME HOMEPAGE/],
    [[...janedoe, '-A', 'jane', 'https://example.org', 'more'], /takes two words: NAME HOMEPAGE/]
  ] as const) {
    t.match(await auth(t, words, appDir), { code: 2, stdout: '', stderr: says })
  }
})

t.test('values that are wrong fail with one line, and write nothing', async (t) => {
  const appDir = t.testdir({ 'auth.json': '[]' })
  for (const [words, says] of [
    [['-u', 'j', '-p', 'x', '-s', 'everything', ...mbox], /"everything" is not a scope; scopes are statements\/write/],
    [[...janedoe, '-M', 'mailto:jane'], /agent\/mbox/],
    [[...janedoe, '-S', 'ABC'], /agent\/mbox_sha1sum/],
    [[...janedoe, '-A', 'jane', 'example'], /agent\/account\/homePage/],
    [['-u', 'a:b', '-p', 'x', '-s', 'all', ...mbox], /cannot contain ":"/],
    [['-u', 'j', '-p', 'x'.repeat(73), '-s', 'all', ...mbox], /more than 72 bytes/],
    [['-u', 'j', '-p', '', '-s', 'all', ...mbox], /The password is empty/]
  ] as const) {
    const result = await auth(t, [...words, '-w'], appDir)
    t.match(result, { code: 1, stdout: '', stderr: says })
    t.match(result.stderr, /(^|\n)Error: [^\n]+\n$/)
  }
  t.equal(readFileSync(join(appDir, 'auth.json'), 'utf8'), '[]')
})

t.test('a corrupt auth file is not written over', async (t) => {
  const appDir = t.testdir({ 'auth.json': '[{"username": ' })
  const result = await auth(t, [...janedoe, ...mbox, '-w'], appDir)
  t.match(result, { code: 1, stderr: /Error: The auth file .*auth\.json is not valid: it is not valid JSON[^\n]*\n$/ })
  t.equal(readFileSync(join(appDir, 'auth.json'), 'utf8'), '[{"username": ')
})

const root = process.getuid?.() === 0
t.test('a directory that cannot be written is one line', { skip: root && 'root may write anywhere' }, async (t) => {
  const appDir = t.testdir()
  chmodSync(appDir, 0o500)
  t.match(await auth(t, [...janedoe, ...mbox, '-w'], appDir), { code: 1, stderr: /\nError: EACCES[^\n]*\n$/ })
  chmodSync(appDir, 0o700)
})

t.test('an application directory below a file is one line', async (t) => {
  const dir = t.testdir({ file: '' })
  const result = await ralph(t, ['auth', ...janedoe, ...mbox, '-w'], {
    cwd: dir,
    env: { RALPH_APP_DIR: join(dir, 'file', 'app') }
  })
  t.match(result, { code: 1, stderr: /(^|\n)Error: [^\n]*(ENOTDIR|EEXIST)[^\n]*\n$/ })
})
