import fc from 'fast-check'
import t from 'tap'
import {
  countKeys,
  decodeUtf8,
  editValue,
  elements,
  members,
  onOneLine,
  parseJson,
  survey,
  withoutMembers
} from '../../src/json/exact.ts'

const texts = (text: string): string[] => elements(text).map((each) => each.text)

t.test('elements are the exact texts of an array, whatever is in their strings', async (t) => {
  t.same(texts('[1, {"a": "],[\\""} ,"x\\\\"]'), ['1', '{"a": "],[\\""}', '"x\\\\"'])
  t.same(texts(' [ ] '), [])
  t.same(texts(' {"a":[1,2]} '), ['{"a":[1,2]}'])
  t.same(texts('[[1,[2]],[]]'), ['[1,[2]]', '[]'])
})

t.test('elements, keys and members agree with JSON.parse on any JSON', async () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), (values, space) => {
      const text = JSON.stringify(values, null, space)
      const found = elements(text)
      const parsed: unknown[] = JSON.parse(text)
      if (found.length !== parsed.length) return false
      return found.every(
        ({ text, keys }, index) =>
          JSON.stringify(JSON.parse(text)) === JSON.stringify(parsed[index]) && keys === countKeys(parsed[index])
      )
    }),
    { numRuns: 500, seed: 1 }
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 2), (value, space) => {
      const text = JSON.stringify(value, null, space)
      const found = members(text)
      const parsed: Record<string, unknown> = JSON.parse(text)
      return (
        JSON.stringify(found.map(({ key }) => key).sort()) === JSON.stringify(Object.keys(parsed).sort()) &&
        found.every(
          ({ key, valueStart, end }) =>
            JSON.stringify(JSON.parse(text.slice(valueStart, end))) === JSON.stringify(parsed[key])
        )
      )
    }),
    { numRuns: 500, seed: 2 }
  )
})

t.test('a repeated key shows as one more key in the text than in the value', async (t) => {
  const text = '{"a":{"b":1,"b":2}}'
  t.equal(elements(text)[0]?.keys, 3)
  t.equal(countKeys(JSON.parse(text)), 2)
  t.equal(countKeys(JSON.parse('{"__proto__":{"a":1}}')), 2)
})

t.test('members are removed and values edited without touching the rest', async (t) => {
  t.equal(withoutMembers('{ "a" : 1.0, "b": [2] , "c": 1e400 }', new Set(['b'])), '{"a" : 1.0,"c": 1e400}')
  t.equal(
    editValue('{"x": 1, "c": {"d": {"id": "y"} }}', ['c', 'd'], (value) => `[${value}]`),
    '{"x": 1, "c": {"d": [{"id": "y"}] }}'
  )
  t.equal(
    editValue('{"x":1}', ['c', 'd'], () => 'never'),
    '{"x":1}'
  )
})

t.test('on one line, strings keep every character', async (t) => {
  const value = { a: 'line\nfeed  and  spaces \u2028', b: [1, { c: ' ' }] }
  const text = onOneLine(JSON.stringify(value, null, 2))
  t.notMatch(text, /[\r\n]/)
  t.same(JSON.parse(text), value)
})

t.test('a body is UTF-8, with or without a byte order mark', async (t) => {
  t.equal(decodeUtf8(Buffer.from('\ufeff{"a":"é"}')), '{"a":"é"}')
  t.throws(() => decodeUtf8(Buffer.from([0x22, 0xff, 0x22])), { code: 'INVALID_JSON' })
  t.throws(() => decodeUtf8(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), { code: 'INVALID_JSON' })
  t.throws(() => parseJson('{"a":'), { code: 'INVALID_JSON' })
})

t.test('scanning takes linear time on hostile text', async (t) => {
  const hostile = [`["${'\\\\'.repeat(500_000)}"]`, `["${'\\"'.repeat(500_000)}"]`, `["${' '.repeat(1_000_000)}"]`]
  for (const text of hostile) {
    t.equal(elements(text).length, 1)
    t.equal(onOneLine(text), text)
  }
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  t.equal(elements(deep).length, 1)
})

t.test('a survey tells keys, depth and numbers that may be too large, strings aside', async (t) => {
  const cases: readonly (readonly [text: string, keys: number, depth: number, mayOverflow: boolean])[] = [
    ['1', 0, 0, false],
    ['"{\\"a\\":[1e9]}"', 0, 0, false],
    ['{"a":{"b":[],"b":[[1.5,true,null]]},"c\\\\":-2}', 4, 4, false],
    ['[1e5]', 0, 1, true],
    ['[1.5E-3]', 0, 1, true],
    [`[${'9'.repeat(299)}]`, 0, 1, false],
    [`[${'9'.repeat(309)}]`, 0, 1, true]
  ]
  for (const [text, keys, depth, mayOverflow] of cases) t.same(survey(text), { keys, depth, mayOverflow }, text)
})
