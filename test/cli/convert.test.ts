import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { edxEvents, ralphKinds } from '../edx/events.ts'
import { type RalphOptions, type RalphResult, ralph, startRalph } from '../support/ralph-process.ts'

const namespace = 'ee241f8b-174f-5bdb-bae9-c09de5fe017f'
const platform = 'https://lms.example.org'
const common = ['convert', '-f', 'edx', '-t', 'xapi', '-p', platform]

const convert = (t: Test, words: readonly string[], options: RalphOptions = {}): Promise<RalphResult> =>
  ralph(t, [...common, '-u', namespace, ...words], options)

const event = (fields: object = {}): string =>
  JSON.stringify({
    event_source: 'browser',
    event_type: 'page_close',
    page: 'https://lms.example.org/courses/x',
    time: '2021-12-01T08:17:47.123456+00:00',
    context: { user_id: 12 },
    event: '{}',
    ...fields
  })

const unknownEvent = event({ event_type: 'edx.nothing' })
const wrongEvent = event({ page: null })

const statementsIn = ({ stdout }: RalphResult): readonly { id: string; object: { id: string } }[] =>
  stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))

t.test('each event becomes a statement, in its order, and the counters are told', async (t) => {
  const events = [...edxEvents(1, 300, ralphKinds)].map((each) => JSON.stringify(each))
  const result = await convert(t, [], { input: `${events.join('\n')}\n` })
  t.match(result, { code: 0, stderr: /INFO +Total events: 300, Invalid events: 0\n$/ })
  const statements = statementsIn(result)
  t.equal(statements.length, 300)
  for (const [index, line] of events.entries()) {
    const { time } = JSON.parse(line)
    t.match(JSON.stringify(statements[index]), time.slice(0, 19))
  }
})

t.test('threads change nothing: the same statements in the same order as without', async (t) => {
  const events = [...edxEvents(2, 8000)].map((each) => JSON.stringify(each)).join('\n')
  const file = join(t.testdir(), 'events.jsonl')
  await writeFile(file, events)
  const [one, three] = await Promise.all([convert(t, ['--jobs', '1', file]), convert(t, ['--jobs', '3', file])])
  t.match(one, { code: 0, stderr: /Total events: 8000, Invalid events: 0/ })
  t.equal(three.stdout, one.stdout)
  t.equal(three.code, 0)
})

t.test('an id comes from the record and a line feed, as in Ralph 5, whatever else stands on its line', async (t) => {
  const line =
    '{"event_source": "server", "event_type": "/é", "time": "2021-12-01T08:17:47Z", "context": {"user_id": 1, "path": "/é"}}'
  const idsOf = async (input: string) => statementsIn(await convert(t, [], { input })).map(({ id }) => id)
  // What Ralph 5.1 gives for these very bytes.
  const id = 'e7bc9cbd-a168-57b4-b2c3-a78953def283'
  t.same(await idsOf(`${line}\n`), [id])
  const prefix = '2021-12-01 08:17:47,461 INFO 20 [tracking] [user 1] [ip 192.0.2.7] logger.py:41 - '
  const ways = [
    line,
    `${line}\r`,
    `\ufeff${line}`,
    ` ${line}`,
    `${line} \t`,
    `${prefix}${line}`,
    `\ufeff${prefix}${line}`
  ]
  t.same(
    await idsOf(ways.join('\n')),
    ways.map(() => id),
    'one event, one id'
  )
})

t.test('the first line that cannot be converted ends it, and what came before is printed', async (t) => {
  const input = [event(), wrongEvent, event(), ''].join('\n')
  const result = await convert(t, [], { input })
  t.match(result, {
    code: 1,
    stderr:
      /Total events: 2, Invalid events: 1\nError: line 2 cannot be converted: \/page should be a text that is not empty\n$/
  })
  t.equal(statementsIn(result).length, 1)
})

t.test('with -I lines that cannot be converted are said with their numbers and left out', async (t) => {
  const input = [wrongEvent, 'no json', '', '[]', event(), event({ time: 'never' }), 'é', event()].join('\n')
  const result = await convert(t, ['-I'], { input })
  t.match(result, { code: 0, stderr: /Total events: 7, Invalid events: 5\n$/ })
  for (const said of [
    /line 1 cannot be converted: \/page should be/,
    /line 2 is no JSON: /,
    /line 4 is no JSON object/,
    /line 6 cannot be converted: \/time should be a time/,
    /line 7 is no JSON: /
  ]) {
    t.match(result.stderr, said)
  }
  t.equal(statementsIn(result).length, 2)
})

t.test('unknown events are said and left out; only -F ends it, -I or not', async (t) => {
  const input = [event(), unknownEvent, unknownEvent, '{}', event()].join('\n')
  const passed = await convert(t, [], { input })
  t.match(passed, { code: 0, stderr: /Total events: 5, Invalid events: 3\n$/ })
  t.match(passed.stderr, /line 2 has no conversion: event_type "edx.nothing" of event_source "browser"/)
  t.notMatch(passed.stderr, /line 3 /, 'a kind is said once')
  t.match(passed.stderr, /"edx.nothing" of event_source "browser": 2 times/)
  t.equal(statementsIn(passed).length, 2)
  for (const flags of [['-F'], ['-F', '-I']]) {
    const ended = await convert(t, flags, { input })
    t.match(ended, { code: 1, stderr: /Error: line 2 has no conversion: .*\n$/ })
    t.equal(statementsIn(ended).length, 1)
  }
})

t.test('what a report keeps can be fed back', async (t) => {
  const file = join(t.testdir(), 'rejects.jsonl')
  const input = [event(), wrongEvent, 'no json', unknownEvent, event()].join('\n')
  const result = await convert(t, ['--report', file], { input })
  t.match(result, { code: 0, stderr: /Total events: 5, Invalid events: 3/ })
  t.equal(statementsIn(result).length, 2)
  const { readFile } = await import('node:fs/promises')
  const rejects = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(rejects, [
    { line: 2, reason: /\/page should be/, record: JSON.parse(wrongEvent) },
    { line: 3, reason: /is no JSON/, record: 'no json' },
    { line: 4, reason: /has no conversion/, record: JSON.parse(unknownEvent) }
  ])
  const mended = rejects
    .filter(({ line }) => line === 2)
    .map(({ record }) => JSON.stringify({ ...record, page: 'https://lms.example.org/' }))
  t.match(await convert(t, [], { input: mended.join('\n') }), { code: 0, stderr: /Invalid events: 0/ })
})

t.test('a line that is too long or not UTF-8 is refused by its number', async (t) => {
  const long = event({ agent: 'x'.repeat(5000) })
  const file = join(t.testdir(), 'events.jsonl')
  await writeFile(
    file,
    Buffer.concat([Buffer.from(`${event()}\n${long}\n`), Buffer.from([0x22, 0xff, 0x22, 10]), Buffer.from(event())])
  )
  const result = await convert(t, ['-I', '--max-line-bytes', '1KiB', file])
  t.match(result, { code: 0, stderr: /Total events: 4, Invalid events: 2/ })
  t.match(result.stderr, /line 2 is longer than 1024 bytes/)
  t.match(result.stderr, /line 3 is not UTF-8/)
  t.equal(statementsIn(result).length, 2)
})

t.test('a mark of the byte order, lines of Windows and empty input are no errors', async (t) => {
  const marked = await convert(t, [], { input: `\ufeff${event()}\r\n\r\n${event()}\r\n` })
  t.match(marked, { code: 0, stderr: /Total events: 2, Invalid events: 0/ })
  t.match(await convert(t, [], { input: '' }), { code: 0, stdout: '', stderr: /Total events: 0, Invalid events: 0/ })
})

t.test('the namespace may be a setting, and is needed', async (t) => {
  const env = { RALPH_CONVERTER_EDX_XAPI_UUID_NAMESPACE: namespace.toUpperCase() }
  const input = `${event()}\n`
  const set = await ralph(t, common, { env, input })
  t.match(set, { code: 0 })
  t.notMatch(set.stderr, /not used by this version/)
  t.equal(set.stdout, (await convert(t, [], { input })).stdout)
  t.match(await ralph(t, common, { input }), {
    code: 2,
    stdout: '',
    stderr: /a UUID namespace is needed: --uuid-namespace/
  })
  t.match(await ralph(t, [...common, '-u', 'x'], { input }), {
    code: 2,
    stdout: '',
    stderr: /--uuid-namespace is "x", expected a UUID/
  })
})

t.test('what is missing or wrong is a usage error', async (t) => {
  for (const [words, said] of [
    [['convert', '-t', 'xapi', '-p', platform], /required option '-f, --from <format>' not specified/],
    [['convert', '-f', 'edx', '-p', platform], /required option '-t, --to <format>' not specified/],
    [['convert', '-f', 'edx', '-t', 'xapi'], /required option '-p, --platform-url <url>' not specified/],
    [
      ['convert', '-f', 'moodle', '-t', 'xapi', '-p', platform],
      /argument 'moodle' is invalid. Allowed choices are edx/
    ],
    [['convert', '-f', 'edx', '-t', 'xapi', '-p', 'lms', '-u', namespace], /--platform-url "lms" is not a URL/],
    [[...common, '-u', namespace, '--jobs', '0'], /--jobs is "0", expected a whole number/]
  ] as const) {
    t.match(await ralph(t, words), { code: 2, stdout: '', stderr: said })
  }
})

t.test('--list prints what is converted into what, as text, as a document and as JSON', async (t) => {
  const json = await ralph(t, ['convert', '--list', '--format', 'json'])
  t.match(json, { code: 0, stderr: '' })
  const rows: { events: string[]; verb: string; object: string }[] = JSON.parse(json.stdout)
  t.ok(rows.length > 90)
  for (const { events, verb, object } of rows) {
    t.ok(events.length > 0)
    t.match(verb, /^https?:/)
    t.match(object, /: (https?:|the type of the component)/)
  }
  const markdown = await ralph(t, ['convert', '--list', '--format', 'markdown', '-f', 'edx'])
  const text = await ralph(t, ['convert', '--list'])
  for (const each of rows.flatMap(({ events }) => events)) {
    t.ok(markdown.stdout.includes(`\`${each}\``), each)
    t.ok(text.stdout.includes(each), each)
  }
})

t.test('when nobody reads any more, it ends quietly', async (t) => {
  const file = join(t.testdir(), 'events.jsonl')
  await writeFile(file, `${event()}\n`.repeat(40_000))
  const child = startRalph(t, [...common, '-u', namespace, file])
  child.stdout?.once('data', () => child.stdout?.destroy())
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  t.equal(code, 0)
  t.notMatch(stderr, /Error|EPIPE/)
})
