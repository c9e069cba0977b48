import { parseEnv } from 'node:util'
import t from 'tap'
import { setting } from '../../src/settings/define.ts'
import { type DescriptionFormat, describeSettings, descriptionFormats } from '../../src/settings/describe.ts'
import { integer, text } from '../../src/settings/kinds.ts'
import { sourcesOf } from '../support/settings-of.ts'

const sections = [
  {
    title: 'Server',
    group: {
      port: setting('RUNSERVER_PORT', { kind: integer(0, 65_535), default: 8100, description: 'Port to listen on.' }),
      name: setting('TEST_NAME', { kind: text, default: undefined, description: 'A name.' }),
      password: setting('TEST_PASSWORD', { kind: text, default: undefined, description: 'A secret.', secret: true })
    }
  }
]

const environment = { RALPH_TEST_PASSWORD: 'hunter2', RALPH_TEST_NAME: 'ada' }
const describe = (format: DescriptionFormat, port = '81'): string =>
  describeSettings(sections, format, sourcesOf({ environment, '.env': { RALPH_RUNSERVER_PORT: port } }))

t.test('every format names every setting with its meaning, and shows no secret', async (t) => {
  for (const format of descriptionFormats) {
    const described = describe(format)
    for (const word of ['RALPH_RUNSERVER_PORT', 'Port to listen on.', 'RALPH_TEST_PASSWORD', 'RALPH_TEST_NAME']) {
      t.ok(described.includes(word), `${format}: ${word}`)
    }
    t.notMatch(described, /hunter2/, format)
  }
})

t.test('text says what a setting is set to and by what', async (t) => {
  const described = describe('text')
  t.match(described, 'RALPH_RUNSERVER_PORT = 81  (.env)')
  t.match(described, 'RALPH_TEST_NAME = ada  (environment)')
  t.match(described, 'RALPH_TEST_PASSWORD = (not shown)  (environment)')
})

t.test('text and json say of a wrong value that it is wrong', async (t) => {
  t.match(describe('text', 'x'), 'RALPH_RUNSERVER_PORT = x  (.env, wrong)')
  t.match(JSON.parse(describe('json', 'x')), [{ set: { value: 'x', source: '.env', valid: false } }])
})

t.test('markdown and env are the same whatever is set: they are references', async (t) => {
  for (const format of ['markdown', 'env'] as const) {
    t.equal(describe(format), describeSettings(sections, format, sourcesOf({})), format)
  }
})

t.test('env is a .env file that sets nothing until a line is uncommented', async (t) => {
  const described = describe('env')
  t.strictSame(parseEnv(described), {})
  t.strictSame(parseEnv(described.replaceAll('#RALPH', 'RALPH')), {
    RALPH_RUNSERVER_PORT: '8100',
    RALPH_TEST_NAME: '',
    RALPH_TEST_PASSWORD: ''
  })
})

t.test('json is for programs', async (t) => {
  t.match(JSON.parse(describe('json')), [
    {
      group: 'Server',
      variable: 'RALPH_RUNSERVER_PORT',
      flag: '--port',
      expected: 'a whole number from 0 to 65535',
      default: '8100',
      secret: false,
      set: { value: '81', source: '.env', valid: true }
    },
    { variable: 'RALPH_TEST_NAME', default: null, set: { value: 'ada', source: 'environment', valid: true } },
    { variable: 'RALPH_TEST_PASSWORD', secret: true, set: { value: '(not shown)' } }
  ])
})
