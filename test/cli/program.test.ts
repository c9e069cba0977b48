import { readFileSync } from 'node:fs'
import t from 'tap'
import { ralph } from '../support/ralph-process.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

t.test('--version says the version', async (t) => {
  t.match(await ralph(t, ['--version']), { code: 0, stdout: `ralph, version ${version}\n`, stderr: '' })
})

t.test('--help is help; -h is not, since it is the host of runserver', async (t) => {
  const help = await ralph(t, ['--help'])
  t.match(help, { code: 0, stderr: '' })
  for (const command of ['auth', 'errors', 'runserver', 'sample', 'settings']) t.match(help.stdout, `\n  ${command} `)
  t.match(await ralph(t, ['-h']), { code: 2, stdout: '', stderr: /Error: unknown option '-h'/ })
})

t.test('no command at all is a usage error that shows the help', async (t) => {
  t.match(await ralph(t, []), { code: 2, stdout: '', stderr: /Commands:/ })
})

t.test('wrong words are a usage error that says how to get help, on standard error', async (t) => {
  for (const [words, says] of [
    [['foo'], "Usage: ralph [options] [command]\nTry 'ralph --help' for help.\n\nError: unknown command 'foo'\n"],
    [
      ['sample', '--foo'],
      "Usage: ralph sample [options]\nTry 'ralph sample --help' for help.\n\nError: unknown option '--foo'\n"
    ],
    [
      ['sample', 'foo'],
      "Usage: ralph sample [options]\nTry 'ralph sample --help' for help.\n\nError: too many arguments for 'sample'. Expected 0 arguments but got 1.\n"
    ]
  ] as const) {
    t.strictSame(await ralph(t, words), { code: 2, signal: null, stdout: '', stderr: says })
  }
})

t.test('a stack trace is shown at DEBUG only', async (t) => {
  const env = { RALPH_APP_DIR: '/nonexistent' }
  const brief = await ralph(t, ['runserver'], { env })
  t.match(brief, { code: 1, stderr: /^Error: There is no auth file [^\n]+\n$/ })
  const debug = await ralph(t, ['-v', 'DEBUG', 'runserver'], { env })
  t.match(debug, { code: 1, stderr: /\n {4}at / })
})

t.test('a verbosity that does not exist is refused', async (t) => {
  t.match(await ralph(t, ['-v', 'LOUD', 'settings']), {
    code: 2,
    stderr: 'Error: --verbosity is "LOUD", expected one of CRITICAL, ERROR, WARNING, INFO, DEBUG\n'
  })
})

t.test('ralph errors lists every error with HTTP status and exit code', async (t) => {
  const { code, stdout } = await ralph(t, ['errors'])
  t.equal(code, 0)
  t.match(stdout, /^code +http +exit +meaning\n/)
  t.match(stdout, /\nSTATEMENT_CONFLICT +409 +1 +another statement has this id\n/)
  t.match(stdout, /\nUSAGE +500 +2 +/)
  const markdown = await ralph(t, ['errors', '--format', 'markdown'])
  t.match(
    markdown.stdout,
    '\n### STATEMENT_CONFLICT\n\nHTTP 409, exit code 1. Another statement has this id.\n\nStatements'
  )
})
