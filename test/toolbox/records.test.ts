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

t.test('a byte order mark belongs to the first line only', async (t) => {
  const { bad } = await read('{"a":1}\n\ufeff{"b":1}\n')
  t.match(bad, [{ line: 2, reason: /^is no JSON/ }])
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
