import t from 'tap'
import { type BadLine, parseRecord, readRecords } from '../../src/toolbox/records.ts'

const read = async (input: string | Uint8Array, chunk = 5, maxLineBytes = 100) => {
  const bytes = Buffer.from(input)
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
  }
  const records: { line: number; text: string }[] = []
  const bad: BadLine[] = []
  let size = 0
  for await (const batch of readRecords(chunks(), { maxLineBytes })) {
    records.push(...batch.records.map(({ line, text }) => ({ line, text })))
    bad.push(...batch.bad)
    size += batch.bytes
  }
  t.equal(size, bytes.length)
  return { records, bad }
}

t.test('records come with their line and their text as it came, without line end and byte order mark', async (t) => {
  const input = '\ufeff{"a": 1.0}\r\n\n  \t\r\n {"b":"\\u00e9\ufeff"} \r\n{"c":"é"}'
  for (const chunk of [1, 2, 7, 1000]) {
    t.same(await read(input, chunk), {
      records: [
        { line: 1, text: '{"a": 1.0}' },
        { line: 4, text: ' {"b":"\\u00e9\ufeff"} ' },
        { line: 5, text: '{"c":"é"}' }
      ],
      bad: []
    })
  }
})

t.test('what is no record is named by its line, in order, and hides no other', async (t) => {
  const lines = [
    '[]',
    '{"a":1}',
    'null',
    '"x"',
    '{"a":',
    '{"a":1}{"b":2}',
    `{"a":"${'x'.repeat(100)}"}`,
    '{"n\0":1}',
    '{"z":1}'
  ]
  const { records, bad } = await read(`${lines.join('\n')}\n`)
  t.same(
    records.map(({ line }) => line),
    [2, 9]
  )
  t.match(bad, [
    { line: 1, reason: 'is no JSON object', text: '[]' },
    { line: 3, reason: 'is no JSON object' },
    { line: 4, reason: 'is no JSON object' },
    { line: 5, reason: /^is no JSON: / },
    { line: 6, reason: /^is no JSON: / },
    { line: 7, reason: 'is longer than 100 bytes', text: undefined },
    { line: 8, reason: /^is no JSON: / }
  ])
  t.equal(bad.length, 7)
})

t.test('a byte order mark begins a line where files were joined, and no line has two', async (t) => {
  const { records, bad } = await read('{"a":1}\n\ufeff{"b":1}\n\ufeff\ufeff{"c":1}\n')
  t.match(records, [{ text: '{"a":1}' }, { text: '{"b":1}' }])
  t.match(bad, [{ line: 3, reason: /^is no JSON/ }])
})

t.test('what a logger writes in front of a record is not part of it', async (t) => {
  const record = '{"username": "ada", "event": {"code": "{"}}'
  const prefixes = [
    '2023-05-23 13:53:13,461 INFO 20 [tracking] [user 6] [ip 192.0.2.7] logger.py:41 - ',
    '2023-05-23 13:53:13,461 INFO 20 [tracking] [user None] [ip None] [logger.py:41] - ',
    'lms-1  | 2023-05-23 13:53:13,461 INFO 20 [tracking] logger.py:41 - ',
    'May  3 13:53:13 lms [service_variant=lms][tracking][env:sandbox] INFO  [lms  1234] [logger.py:41] - ',
    '<134>1 2023-05-23T13:53:13.461Z lms tracking 20 - - ',
    '192.0.2.7 - - [23/May/2023:13:53:13 +0000] ',
    '2023/05/23 13:53:13 [info] 12#12: *3 '
  ]
  const { records, bad } = await read(prefixes.map((prefix) => `${prefix}${record}\r\n`).join(''), 5, 500)
  t.same(bad, [])
  t.same(
    records.map(({ text }) => text),
    prefixes.map(() => record)
  )
})

t.test('a piece of a broken line is not taken for a prefix', async (t) => {
  for (const line of [
    'ame": "ada"} {"b": 1}',
    'hello {"b": 1}',
    '2023-05-23 13:53:13 {b}',
    '2023-05-23 13:53:13 -{"b": 1}'
  ]) {
    t.match(await read(`${line}\n`), { records: [], bad: [{ line: 1 }] }, line)
  }
})

t.test('what is not UTF-8 is no record', async (t) => {
  const { records, bad } = await read(
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xe9]), Buffer.from('"}\n{"b":1}\n')])
  )
  t.same(records, [{ line: 2, text: '{"b":1}' }])
  t.match(bad, [{ line: 1, reason: 'is not UTF-8', text: undefined }])
})

t.test('a record keeps the text that it was parsed from', async (t) => {
  t.same(parseRecord('{"a": 1.0}', 7), { line: 7, text: '{"a": 1.0}', value: { a: 1 } })
})
