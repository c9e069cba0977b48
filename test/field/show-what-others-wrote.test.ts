import { join } from 'node:path'
import t from 'tap'
import { formatLine } from '../../src/telemetry/lines.ts'
import { basic } from '../support/lrs.ts'
import { ralph, runserver } from '../support/ralph-process.ts'
import { aUser } from '../support/users.ts'

/** Erases a line, begins a sequence in one byte, turns the direction of what follows, ends a line for some viewers. */
const harmful = '\u001b[2K\r|\u009b31m|\u202ecod.exe|\u2066|\u2028|\u0085|\u061c'
/** Names with control characters of ASCII are refused (RFC 7617). */
const name = `a${harmful.slice(5)}`
// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not come through.
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

const stranger = await aUser(name, 'x', { agent: { mbox: 'mailto:a@example.org' } })

for (const format of ['text', 'json']) {
  t.test(`field F13: in the log as ${format}, a name that a stranger chose does nothing to a terminal`, async (t) => {
    const cwd = t.testdir({ 'auth.json': JSON.stringify([await aUser('jane', 'x'), stranger]) })
    const words = ['-h', '127.0.0.1', '--log-format', format, '--access-log', 'all']
    const server = await runserver(t, words, { cwd, env: { RALPH_APP_DIR: join(cwd) } })
    const ask = (username: string, password: string) =>
      fetch(`${server.url}/whoami?${encodeURIComponent(harmful)}`, {
        headers: { authorization: basic(username, password) }
      })
    await ask(`x${name}`, 'wrong')
    t.equal((await ask(name, 'x')).status, 200)
    await server.stop()
    t.notMatch(server.log(), obeyed)
    t.match(server.log(), /Login failed: .*u009b31m.*u202ecod\.exe.*u2066.*u2028.*u0085/)
    t.match(server.log(), /\ba\|\\u009b31m/, 'the user who was served')
  })
}

t.test('field F13: a message of several lines cannot pass for several messages', (t) => {
  const line = formatLine(
    new Date(0),
    'ERROR',
    'refused: x\n1970-01-01 00:00:00.001 INFO     all is well\n    at place'
  )
  t.equal(
    line,
    '1970-01-01 00:00:00.000 ERROR    refused: x\n    1970-01-01 00:00:00.001 INFO     all is well\n    at place\n'
  )
  t.end()
})

t.test('field F13: errors, refused lines and lists of commands', async (t) => {
  const cwd = t.testdir({ 'auth.json': JSON.stringify([stranger]) })
  const options = { cwd, env: { RALPH_APP_DIR: cwd } }
  const event = JSON.stringify({ event_type: `x${harmful}`, event_source: 'server' })
  for (const [words, input] of [
    [['read', '-b', 'fs', '--fs-default-directory-path', `/nowhere${harmful}`], ''],
    [[`nothing${harmful}`], ''],
    [['read', '-b', `fs${harmful}`], ''],
    [['read', `--no${harmful}`], ''],
    [['validate', '-f', 'edx', '-I'], `${event}\n{"a":"${harmful}\n`],
    [['convert', '-f', 'edx', '-t', 'xapi', '-p', 'https://lms.example.org', '-I'], `${event}\n{"a":"${harmful}\n`],
    [['auth', 'list'], ''],
    [['auth', 'list', '--json'], ''],
    [['auth', 'remove', `b${harmful}`], '']
  ] as const) {
    const { stderr, stdout } = await ralph(t, words, { ...options, input })
    t.not(stderr + stdout, '', words.join(' ').replaceAll(harmful, '…'))
    t.notMatch(stderr + stdout, obeyed, words.join(' ').replaceAll(harmful, '…'))
  }
  const { stdout } = await ralph(t, ['auth', 'list', '--json'], options)
  t.equal(JSON.parse(stdout).username, name, 'the same JSON')
})
