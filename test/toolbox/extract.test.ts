import fc from 'fast-check'
import t from 'tap'
import { extractRecords } from '../../src/toolbox/extract.ts'
import { extractLine, type ParserName, parserNames, wrappers } from '../../src/toolbox/extract-parsers.ts'
import type { BadLine } from '../../src/toolbox/records.ts'
import { formatReject } from '../../src/toolbox/reject-report.ts'

const extract = async (parser: ParserName, input: string, maxLineBytes = 1000) => {
  const bad: BadLine[] = []
  let records = 0
  let text = ''
  const chunks = (async function* () {
    const bytes = Buffer.from(input)
    for (let at = 0; at < bytes.length; at += 70) yield bytes.subarray(at, at + 70)
  })()
  const options = {
    onBad: (line: BadLine) => bad.push(line),
    onProgress: (done: { records: number }) => (records += done.records)
  }
  for await (const bytes of extractRecords(chunks, { parser, maxLineBytes, ...options })) text += Buffer.from(bytes)
  return { text, bad, records }
}

t.test('the record comes out as it stands there: numbers, escapes, spaces and key order', async (t) => {
  const record = '{ "b":1.0,"a":1e2, "n":12345678901234567890,"s":"\\u00e9\\/é\\n", "l":[ 1 , {} ]}'
  for (const [parser, line] of [
    ['gelf', `{"version":"1.1","short_message":${JSON.stringify(record)},"level":5}`],
    ['es', `{"_index":"statements","_id":"1","_source":${record},"sort":[1]}`],
    ['mongo', ` {"_id": "1", "_source" : ${record} }`],
    ['clickhouse', `{"event_id":"1","event":${record},"emission_time":"2026"}`],
    ['clickhouse', `{"event_id":"1","event":${JSON.stringify(record)}}`],
    ['report', `{"line":3,"reason":"why","record":${record}}`],
    ['report', formatReject({ line: 3, reason: 'why', text: record })],
    ['jsonl', record]
  ] as const) {
    t.same(extractLine(line.trimEnd(), wrappers[parser]), { text: record }, line)
    t.equal((await extract(parser, `${line.trimEnd()}\n`)).text, `${record}\n`, line)
  }
})

/** Lines of JSON, and lines that are almost JSON. */
const aLine = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.oneof(
          fc.constantFrom('_source', 'short_message', 'event', 'record', 'x', '', '_s\\u006furce', 'a\\"'),
          fc.string({ unit: 'binary', maxLength: 4 }).map((text) => JSON.stringify(text).slice(1, -1))
        ),
        fc.oneof(
          fc.json({ maxDepth: 3 }),
          fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
          fc.constantFrom(
            '0',
            '-0',
            '01',
            '1.',
            '.5',
            '1e5',
            '1E+05',
            '-',
            '1.5e',
            'tru',
            'null',
            'NaN',
            '"\\ud83d\\ude00"'
          ),
          fc.constantFrom(
            '"\\ud83d"',
            '"\\ude00\\ud83d"',
            '"\\u00e9\\/\\b\\f\\n\\r\\t"',
            '"\\x"',
            '"\\u12g4"',
            '"\t"',
            '[1,]',
            '{,}'
          )
        ),
        fc.constantFrom('', '', ' ', '\t', ' \r ')
      ),
      { maxLength: 4 }
    ),
    fc.option(fc.tuple(fc.nat({ max: 200 }), fc.constantFrom('', '"', '{', '}', ']', ',', ':', '\\', ' ', '0')), {
      freq: 2
    })
  )
  .map(([entries, change]) => {
    const line = `{${entries.map(([key, value, space]) => `${space}"${key}"${space}:${space}${value}${space}`).join(',')}}`
    const whole = line.replaceAll('\n', ' ')
    if (change === null) return whole
    const at = change[0] % (whole.length + 1)
    return whole.slice(0, at) + change[1] + whole.slice(at + 1)
  })

t.test('cutting bytes gives what JSON.parse gives, for whatever stands on the lines', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(aLine, { maxLength: 4 }), fc.constantFrom(...parserNames), async (lines, parser) => {
      const expected = { text: '', bad: 0 }
      for (const line of lines) {
        const text = line.endsWith('\r') ? line.slice(0, -1) : line
        if (text.trim() === '') continue
        const found = extractLine(text, wrappers[parser])
        if ('text' in found) expected.text += `${Buffer.from(found.text)}\n`
        else expected.bad += 1
      }
      const { text, bad } = await extract(parser, lines.map((line) => `${line}\n`).join(''), 10_000)
      t.same({ text, bad: bad.length }, expected)
    }),
    { numRuns: 3000 }
  )
})

t.test('what is cut out of a line is the value that JSON.parse finds there', async (t) => {
  const keys = fc.constantFrom('_source', '_id', 'a\\"b', '}', '\\u005fsource', 'x')
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 })))
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, value), { maxLength: 5 }), fc.constantFrom('', ' ', '\t'), (entries, space) => {
      const members = entries.map(([key, each]) => `"${key}"${space}:${space}${JSON.stringify(each)}${space}`)
      const line = `{${space}${members.join(`,${space}`)}}`
      const expected = JSON.parse(line)._source
      const found = extractLine(line, wrappers.es)
      const isObject = typeof expected === 'object' && expected !== null && !Array.isArray(expected)
      if (isObject) t.same('text' in found && JSON.parse(found.text), expected)
      else t.ok('reason' in found)
    }),
    { numRuns: 300 }
  )
})

t.test('bad lines are told with their numbers, and the others come out', async (t) => {
  const lines = [
    '{"short_message":"one"}',
    '{"short_message":',
    '{"long_message":"x"}',
    '{"short_message":7}',
    '[]',
    '"text"',
    '',
    `{"short_message":"${'x'.repeat(1000)}"}`,
    '{"short_message":"two"}\r',
    '{"short_message":"three"}'
  ]
  const { text, bad, records } = await extract('gelf', `\ufeff${lines.join('\n')}`)
  t.equal(text, 'one\ntwo\nthree\n')
  t.equal(records, 3)
  t.match(bad, [
    { line: 2, reason: /^is no JSON: /, text: '{"short_message":' },
    { line: 3, reason: 'has no short_message' },
    { line: 4, reason: 'has a short_message that is no text' },
    { line: 5, reason: 'is no JSON object' },
    { line: 6, reason: 'is no JSON object' },
    { line: 8, reason: 'is longer than 1000 bytes', text: undefined }
  ])
  t.equal(bad.length, 6)
})

t.test('a report of rejects gives back what was rejected, byte for byte, to be tried again', async (t) => {
  const rejected = ['{"id": 1.0 }', '{"id":', '"text"', '17', '[{}]', '{"a":"\\u00e9"}']
  const report = rejected.map((text, index) => formatReject({ line: index + 1, reason: 'was "bad"\n', text }))
  for (const line of report) t.match(JSON.parse(line), { reason: 'was "bad"\n' })
  const { text, bad } = await extract('report', report.join(''))
  t.equal(text, `${rejected.join('\n')}\n`)
  t.same(bad, [])
  const shown = formatReject({ line: 9, reason: 'is not UTF-8', text: undefined })
  t.strictSame(JSON.parse(shown), { line: 9, reason: 'is not UTF-8' })
  t.match((await extract('report', shown)).bad, [{ line: 1, reason: 'has no record' }])
})
