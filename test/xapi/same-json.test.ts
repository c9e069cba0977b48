import fc from 'fast-check'
import t from 'tap'
import { canonicalText, sameJson } from '../../src/xapi/same-json.ts'
import type { Json } from '../../src/xapi/statement.ts'

/** Keys that objects have anyway are the ones that go wrong. */
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Json>(null, true, false, 0, 1, -1.5, '', 'a', '1'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', '__proto__', 'constructor', 'length'), tie('value')), { maxLength: 3 })
      .map((entries): Json => Object.fromEntries(entries))
  )
})).value

/** The same value with the keys of every object in the opposite order. */
const turned = (value: Json): Json => {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(turned)
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]): [string, Json] => [key, turned(member)])
  )
}

t.test('two values are the same JSON exactly when they have the same canonical text', async (t) => {
  fc.assert(
    fc.property(json, json, (one, other) => sameJson(one, other) === (canonicalText(one) === canonicalText(other))),
    { numRuns: 2000 }
  )
  t.pass()
})

t.test('the order of keys means nothing', async (t) => {
  fc.assert(
    fc.property(
      json,
      (value) => sameJson(value, turned(value)) && canonicalText(value) === canonicalText(turned(value))
    ),
    { numRuns: 500 }
  )
  t.pass()
})

t.test('a value is the same as what its text is read as', async (t) => {
  fc.assert(
    fc.property(json, (value) => sameJson(value, JSON.parse(JSON.stringify(value)))),
    { numRuns: 500 }
  )
  t.pass()
})

t.test('an array is not an object with its indexes for keys', async (t) => {
  t.notOk(sameJson([], {}))
  t.notOk(sameJson(['a'], { 0: 'a' }))
  t.notOk(sameJson(['a'], { 0: 'a', length: 1 }))
})
