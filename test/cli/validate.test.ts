import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readModels } from '../../src/validation/models.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'
import { complete, complete2, minimal } from '../validation/examples.ts'

const exampleOf = (folder: 'edx' | 'profiles', name: string): object =>
  readModels(folder).models.find((model) => model.name === name)?.schema.examples[0]

const played = exampleOf('profiles', 'video/played')
const event = exampleOf('edx', 'video/play_video')

const validate = (t: Test, words: readonly string[], input: string) =>
  ralph(t, ['validate', '--no-progress', ...words], { input })

const linesOf = (...values: readonly (object | string)[]): string =>
  values.map((value) => `${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('')

t.test('valid lines are printed as they came: spaces, order, numbers, escapes and line ends', async (t) => {
  const spaced =
    ' {"verb":{"id":"https://v.example/r"},  "object":{"id":"https://a.example/p"},"actor":{"mbox":"mailto:a@example.org"}} \r'
  const numbers = JSON.stringify(minimal).replace(
    /}$/,
    ',"result":{"extensions":{"https://e.example/n":[1.0,1E2,0.10,"\\u00e9\\/"]}}}'
  )
  const input = `\ufeff${linesOf(spaced, numbers, complete, complete2, { ...minimal, version: '1.0.2' })}`
  const { code, stdout, stderr } = await validate(t, ['-f', 'xapi'], input)
  t.equal(stdout, input)
  t.equal(code, 0, stderr)
  t.match(stderr, /INFO +Total events: 5, Invalid events: 0\n$/)
})

t.test('a last line without an end gets one; empty lines are nothing', async (t) => {
  const line = JSON.stringify(minimal)
  const { stdout, stderr } = await validate(t, ['-f', 'xapi'], `\n${line}\n\n \r\n${line}`)
  t.equal(stdout, `${line}\n${line}\n`)
  t.match(stderr, /Total events: 2, Invalid events: 0/)
})

t.test('empty input is valid', async (t) => {
  for (const format of ['edx', 'xapi']) {
    t.match(await validate(t, ['-f', format], ''), {
      code: 0,
      stdout: '',
      stderr: /Total events: 0, Invalid events: 0/
    })
  }
})

t.test('the first invalid line ends it: what came before is printed, and the place is named', async (t) => {
  const bad = { ...minimal, verb: { id: 'read' }, more: 1 }
  const { code, stdout, stderr } = await validate(t, ['-f', 'xapi'], linesOf(minimal, minimal, bad, minimal))
  t.equal(stdout, linesOf(minimal, minimal))
  t.equal(code, 1)
  t.match(stderr, /Error: line 3 is not valid: /)
  t.match(stderr, '/verb/id breaks format/iri: expected an IRI with a scheme')
  t.match(stderr, '/more breaks additionalProperties: expected no such property')
  t.match(stderr, /Total events: 3, Invalid events: 1/)
})

t.test('with -I it goes on, names each line, and succeeds', async (t) => {
  const input = linesOf(
    minimal,
    '{"actor":',
    minimal,
    '[1]',
    '"text"',
    { ...minimal, id: 'x' },
    '{"a":"\\ud800"}',
    minimal
  )
  const { code, stdout, stderr } = await validate(t, ['-f', 'xapi', '-I'], input)
  t.equal(code, 0)
  t.equal(stdout, linesOf(minimal, minimal, minimal))
  for (const said of [
    /ERROR +line 2 is no JSON: /,
    /ERROR +line 4 is no JSON object/,
    /ERROR +line 5 is no JSON object/,
    /ERROR +line 6 is not valid: \/id breaks format\/uuid: expected a UUID/,
    /ERROR +line 7 is not valid: \/a breaks noLoneSurrogates/,
    /Total events: 8, Invalid events: 5/
  ]) {
    t.match(stderr, said)
  }
})

t.test('a key that comes twice is not valid: readers would disagree', async (t) => {
  const twice = JSON.stringify(minimal).replace('{', '{"actor":{"mbox":"mailto:eve@example.org"},')
  t.match(await validate(t, ['-f', 'xapi'], linesOf(twice)), { code: 1, stdout: '', stderr: /uniqueKeys/ })
})

t.test('a statement is judged by the version that it names', async (t) => {
  const { code, stdout, stderr } = await validate(
    t,
    ['-f', 'xapi', '-I'],
    linesOf(complete2, { ...complete2, version: '1.0.0' }, { ...minimal, version: '3.0.0' })
  )
  t.equal(code, 0)
  t.equal(stdout, linesOf(complete2))
  t.match(stderr, /line 2 is not valid: .*\/context\/contextAgents/)
  t.match(stderr, /line 3 is not valid: \/version breaks version/)
})

t.test('lines that cannot be read are named by their number', async (t) => {
  const child = startRalph(t, ['validate', '-f', 'xapi', '-I', '--no-progress', '--max-line-bytes', '1KiB'])
  const line = Buffer.from(linesOf(minimal))
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdin?.end(
    Buffer.concat([
      line,
      Buffer.from(`{"long":"${'x'.repeat(200_000)}"}\n`),
      line,
      Buffer.from('{"name":"Ren\u00e9"}\n', 'latin1'),
      Buffer.from('{"nul":"\u0000"}\n'),
      line,
      Buffer.from('{"wide":1}', 'utf16le')
    ])
  )
  const [code] = await once(child, 'close')
  t.equal(code, 0, stderr)
  t.equal(stdout, linesOf(minimal, minimal, minimal))
  t.match(stderr, /line 2 is longer than 1024 bytes/)
  t.match(stderr, /line 4 is not UTF-8/)
  t.match(stderr, /line 5 is no JSON: /)
  t.match(stderr, /line 7 is no JSON: /)
  t.notMatch(stderr, '\u0000', 'no control character comes through')
})

t.test('events of edX: the browser sends `event` as text, and the line stays as it is', async (t) => {
  const asText = { ...event, event: JSON.stringify(Reflect.get(event, 'event')) }
  const { code, stdout, stderr } = await validate(t, ['-f', 'edx'], linesOf(event, asText))
  t.equal(code, 0, stderr)
  t.equal(stdout, linesOf(event, asText))
  const wrong = { ...event, event: '{"id":"a","code":"b","currentTime":-1}' }
  t.match(await validate(t, ['-f', 'edx'], linesOf(wrong)), { code: 1, stderr: /\/event\/currentTime breaks minimum/ })
})

t.test('what no model is for is left out and told once of each kind; with -F it ends the command', async (t) => {
  const other = { event_source: 'server', event_type: 'edx.other' }
  const input = linesOf(event, other, other, event, { event_source: 'mobile' })
  const { code, stdout, stderr } = await validate(t, ['-f', 'edx'], input)
  t.equal(code, 0, stderr)
  t.equal(stdout, linesOf(event, event))
  t.equal(stderr.match(/edx\.other/g)?.length, 2, stderr)
  t.match(
    stderr,
    /WARNING +line 2 is an event of event_source "server" and event_type "edx.other", which no model is for/
  )
  t.match(stderr, /"edx\.other": 2 times/)
  t.match(stderr, /Total events: 5, Invalid events: 3/)
  for (const words of [['-F'], ['-F', '-I']]) {
    t.match(await validate(t, ['-f', 'edx', ...words], input), {
      code: 1,
      stdout: linesOf(event),
      stderr: /Error: line 2 is an event/
    })
  }
})

t.test('with --profile only statements of its templates are printed', async (t) => {
  const late = { ...played, result: { extensions: {} } }
  const input = linesOf(played, minimal, late)
  const { code, stdout, stderr } = await validate(t, ['-f', 'xapi', '--profile', 'video', '-I'], input)
  t.equal(code, 0)
  t.equal(stdout, linesOf(played))
  t.match(
    stderr,
    /WARNING +line 2 is a statement of verb "https:\/\/verb\.example\.org\/read" and activity type none, which no model is for/
  )
  t.match(stderr, /ERROR +line 3 is not valid: \/result\/extensions breaks required/)
  t.match(await validate(t, ['-f', 'xapi', '--profile', 'video', '-F'], input), { code: 1, stdout: linesOf(played) })
  t.match(await validate(t, ['-f', 'xapi', '--profile', 'lms'], linesOf(played)), { code: 0, stdout: '' })
})

t.test('--report has what is wrong, with line, problems, and the record as it came, to be fed back', async (t) => {
  const report = join(t.testdir(), 'report.jsonl')
  const bad = '{"actor": {"mbox":"mailto:a@example.org"}, "n": 1.0}'
  const { code, stdout } = await validate(t, ['-f', 'xapi', '--report', report], linesOf(minimal, bad, '{"x', minimal))
  t.equal(code, 0, 'it goes on')
  t.equal(stdout, linesOf(minimal, minimal))
  const [first = '', second = '', ...rest] = readFileSync(report, 'utf8').split('\n')
  t.same(rest, [''])
  t.ok(first.endsWith(`"record":${bad}}`), 'byte for byte')
  t.match(JSON.parse(first), {
    line: 2,
    problems: [{ pointer: '', rule: 'required' }, { rule: 'required' }, { pointer: '/n' }]
  })
  t.match(JSON.parse(second), { line: 3, reason: /^is no JSON/, problems: [{ rule: 'json' }], record: '{"x' })
})

t.test('a report that cannot be written is an error before anything is read', async (t) => {
  const { code, stdout, stderr } = await validate(t, ['-f', 'xapi', '--report', '/dev/null/r'], linesOf(minimal))
  t.match({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, /Error: The report \/dev\/null\/r cannot be written/)
})

t.test('an invalid line ends it although more input may come', async (t) => {
  const child = startRalph(t, ['validate', '-f', 'xapi', '--no-progress'])
  const closed = once(child, 'exit')
  child.stdin?.write('{}\n')
  t.strictSame(await closed, [1, null])
})

t.test('a valid line is printed at once, not when the input ends', async (t) => {
  const child = startRalph(t, ['validate', '-f', 'edx', '--no-progress'])
  child.stdin?.write(linesOf(event))
  const [line] = await once(child.stdout ?? child, 'data')
  t.equal(String(line), linesOf(event))
  child.stdin?.end()
  t.strictSame(await once(child, 'exit'), [0, null])
})

t.test('wrong words are a usage error', async (t) => {
  for (const words of [
    [],
    ['-f', 'caliper'],
    ['-f', 'xapi', '--profile', 'cooking'],
    ['-f', 'edx', '--profile', 'video'],
    ['-f', 'xapi', '--jobs', '0'],
    ['-f', 'xapi', '--max-line-bytes', 'many']
  ]) {
    t.match(
      await ralph(t, ['validate', ...words]),
      { code: 2, stdout: '', stderr: /Usage: ralph validate/ },
      words.join(' ')
    )
  }
})

t.test('a file may be named; one that is not there is an error', async (t) => {
  const folder = t.testdir({ 'some.jsonl': linesOf(minimal) })
  t.match(await validate(t, ['-f', 'xapi', join(folder, 'some.jsonl')], ''), { code: 0, stdout: linesOf(minimal) })
  t.match(await validate(t, ['-f', 'xapi', join(folder, 'none.jsonl')], ''), {
    code: 1,
    stderr: /none\.jsonl is not there/
  })
})
