import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readConfigFile } from '../../src/settings/config-file.ts'
import { duration } from '../../src/settings/kinds.ts'
import { warnOfUnknown } from '../../src/settings/unknown.ts'
import { ralph } from '../support/ralph-process.ts'
import { sourcesOf } from '../support/settings-of.ts'

const read = (t: Test, yaml: string, environment: Readonly<Record<string, string>> = {}) => {
  const file = join(t.testdir(), 'ralph.yaml')
  writeFileSync(file, yaml)
  return Object.fromEntries(readConfigFile(file, environment))
}

t.test('a block is a map, or a list of maps with one key each', async (t) => {
  const expected = { RALPH_UPLOADMANAGER__EXPIRATION: '5m', RALPH_UPLOADMANAGER__UNARCHIVE: 'true' }
  t.strictSame(read(t, 'uploadmanager:\n  - expiration: 5m # 5 minutes\n  - unarchive: true\n'), expected)
  t.strictSame(read(t, 'uploadmanager:\n  expiration: 5m\n  unarchive: true\n'), expected)
})

t.test('blocks lie within blocks, lists are lists, and what is empty is not set', async (t) => {
  t.strictSame(read(t, 'a:\n  b-c:\n    d: 1\n  e: [x, y]\n  f:\n'), { RALPH_A__B_C__D: '1', RALPH_A__E: '["x","y"]' })
  t.strictSame(read(t, ''), {})
})

const variable = (name: string): string => `\${${name}}`

t.test('a variable of the environment is put into a value, and changes nothing but that', async (t) => {
  t.strictSame(read(t, `a: "${variable('X')}/b"\nc: ${variable('Y:-5m')}\n`, { X: 'x\nd: 1' }), {
    RALPH_A: 'x\nd: 1/b',
    RALPH_C: '5m'
  })
  t.throws(() => read(t, `a: {b: "${variable('NOT_SET')}"}`), { message: /a\.b needs the variable NOT_SET/ })
})

t.test('what cannot be read is refused, with the file', async (t) => {
  t.throws(() => read(t, 'a: [unclosed'), { code: 'INVALID_SETTING', message: /ralph\.yaml/ })
  t.throws(() => read(t, '- a\n- b\n'), { message: /blocks of settings/ })
  t.throws(() => read(t, 'a:\n  - b: 1\n  - b: 2\n'), { message: /a\.b is given twice/ })
  t.throws(() => readConfigFile(join(t.testdir(), 'none.yaml'), {}), { code: 'INVALID_SETTING', message: /none\.yaml/ })
})

t.test('an unknown key is an error that names the nearest known one', async (t) => {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const sources = sourcesOf({ 'configuration file': { RALPH_UPLOADMANAGER__EXPIRY: '5m' } })
  t.throws(() => warnOfUnknown(sources, ['RALPH_UPLOADMANAGER__EXPIRATION', 'RALPH_RUNSERVER_PORT'], log), {
    code: 'INVALID_SETTING',
    message: /uploadmanager\.expiry .* did you mean uploadmanager\.expiration\?/
  })
})

t.test('durations', async (t) => {
  t.equal(duration.parse('5m'), 300_000)
  t.equal(duration.parse('1h30m'), 5_400_000)
  t.equal(duration.parse('90'), 90_000)
  for (const text of ['', 'm', '5 minutes', '-1s', '1y', '366d']) t.equal(duration.parse(text), undefined, text)
})

t.test('the command reads the file of RALPH_CONFIG, and the environment wins over it', async (t) => {
  const file = join(t.testdir({ 'ralph.yaml': 'runserver_port: 8111\nlog_level: DEBUG\n' }), 'ralph.yaml')
  const shown = await ralph(t, ['settings'], { env: { RALPH_CONFIG: file, RALPH_LOG_LEVEL: 'ERROR' } })
  t.match(shown.stdout, /RALPH_RUNSERVER_PORT = 8111 {2}\(configuration file\)/)
  t.match(shown.stdout, /RALPH_LOG_LEVEL = ERROR {2}\(environment\)/)
})
