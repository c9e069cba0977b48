import t from 'tap'
import * as documents from '../../src/xapi/documents.ts'
import { mediaType } from '../../src/xapi/media-type.ts'
import { atOnce } from '../../src/xapi/yielding.ts'

type DocumentLike = documents.DocumentLike
const limits = { maxDocumentKeys: 1000 }
const mergeDocuments = (present: DocumentLike, next: DocumentLike): DocumentLike =>
  atOnce(documents.mergeDocuments(present, next, limits))
const requireMergeable = (document: DocumentLike): unknown => atOnce(documents.readMergeable(document, limits))

const json = (text: string | Uint8Array, contentType = 'application/json'): DocumentLike => ({
  content: typeof text === 'string' ? Buffer.from(text) : text,
  contentType
})
const merged = (present: string, next: string): string =>
  Buffer.from(mergeDocuments(json(present), json(next)).content).toString()

const merges: Readonly<Record<string, readonly [present: string, next: string, merged: string]>> = {
  'Communication §2.2: the example of the specification': [
    '{"x" : "foo", "y" : "bar"}',
    '{"x" : "bash", "z" : "faz"}',
    '{"x" : "bash","y" : "bar","z" : "faz"}'
  ],
  'ruling 20: top-level keys only': [
    '{"car":{"make":"Ford","model":"Escape"}}',
    '{"car":{"make":"Dodge"}}',
    '{"car":{"make":"Dodge"}}'
  ],
  'null is a value': ['{"a":1}', '{"a":null}', '{"a":null}'],
  'values stay as they were written': [
    '{"a": 1.0, "b": 12345678901234567890, "c": 1e2}',
    '{"d": -0.10, "e": "\\u00e9\\/"}',
    '{"a": 1.0,"b": 12345678901234567890,"c": 1e2,"d": -0.10,"e": "\\u00e9\\/"}'
  ],
  'keys are the same however they are escaped': ['{"a":1}', '{"\\u0061":2}', '{"\\u0061":2}'],
  'braces, commas and quotes in strings separate nothing': [
    '{"a":"},{\\"b\\":1,","c":[{"d":"]"}]}',
    '{"b":"\\\\"}',
    '{"a":"},{\\"b\\":1,","c":[{"d":"]"}],"b":"\\\\"}'
  ],
  'empty objects': [' {\n} ', '\t{ }', '{}'],
  'empty against one key': ['{}', '{"a":[ ]}', '{"a":[ ]}'],
  'the last of two equal keys counts': ['{"a":1,"a":2}', '{"b":1,"b":3}', '{"a":2,"b":3}'],
  'ruling 25: `__proto__` is data': [
    '{"__proto__":{"a":1}}',
    '{"__proto__":2,"constructor":3}',
    '{"__proto__":2,"constructor":3}'
  ]
}

for (const [rule, [present, next, expected]] of Object.entries(merges)) {
  t.test(rule, async (t) => {
    t.equal(merged(present, next), expected)
    t.same(JSON.parse(merged(present, next)), { ...JSON.parse(present), ...JSON.parse(next) })
  })
}

t.test('ruling 25: media types compare without case, parameters do not count', async (t) => {
  t.equal(mediaType('Application/JSON ; charset="utf-8"'), 'application/json')
  t.equal(mediaType(' text/plain '), 'text/plain')
  const { content, contentType } = mergeDocuments(
    json('{"a":1}', 'APPLICATION/JSON'),
    json('{"b":2}', 'application/json; charset=utf-8')
  )
  t.equal(Buffer.from(content).toString(), '{"a":1,"b":2}')
  t.equal(contentType, 'application/json; charset=utf-8')
})

t.test('ruling 20: unless both sides are JSON objects there is no merge', async (t) => {
  const object = json('{"a":1}')
  const others = [
    json('{"a":1}', 'text/plain'),
    json('{"a":1}', 'application/json-patch+json'),
    json('{"a":1}', ''),
    json('[1]'),
    json('null'),
    json('"text"'),
    json('7'),
    json(''),
    json('{"a":1'),
    json('{"a":1}{'),
    json('{a:1}'),
    json(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))
  ]
  for (const other of others) {
    const says = `${other.contentType} ${Buffer.from(other.content)}`
    t.throws(() => mergeDocuments(object, other), { code: 'INVALID_DOCUMENT' }, `sent: ${says}`)
    t.throws(() => mergeDocuments(other, object), { code: 'INVALID_DOCUMENT' }, `present: ${says}`)
  }
})

t.test(
  'Communication §2.2: a POST that says it is a JSON document must be a JSON object, whatever is there',
  async (t) => {
    for (const text of ['{"a":1}[', '[1]', '', 'nonsense']) {
      t.throws(() => requireMergeable(json(text)), { code: 'INVALID_DOCUMENT' }, text)
    }
    t.doesNotThrow(() => requireMergeable(json(' {} ')))
  }
)

t.test('ruling 20: documents of other types are not looked into', async (t) => {
  t.doesNotThrow(() => requireMergeable(json('{"a":1}[', 'text/plain')))
  t.doesNotThrow(() => requireMergeable(json(Uint8Array.of(0xff, 0x00), 'application/octet-stream')))
})

t.test('depth does not matter', async (t) => {
  const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  t.equal(merged(deep, '{"b":1}'), `${deep.slice(0, -1)},"b":1}`)
})
