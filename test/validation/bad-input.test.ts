import fc from 'fast-check'
import t from 'tap'
import { validateAgent } from '../../src/validation/agent.ts'
import { maxDepth } from '../../src/validation/rules/well-formed.ts'
import { validateStatement } from '../../src/validation/statement.ts'
import type { Json } from '../../src/xapi/statement.ts'
import { type Version, versions } from '../../src/xapi/version.ts'
import { changed, complete, complete2, minimal, withSubStatement } from './examples.ts'

const placesOf = (value: unknown, version: Version = '2.0.0'): string[] =>
  validateStatement(value, version).map(({ pointer, rule }) => `${pointer} ${rule}`)

/** Pointers to every object in a value but those that extensions hold; maps are objects with keys of their own kind. */
function* objectsIn(value: Json, pointer = ''): Generator<readonly [pointer: string, isMap: boolean]> {
  if (typeof value !== 'object' || value === null) return
  const isMap = /\/(?:extensions|name|description|display)$/.test(pointer)
  if (!Array.isArray(value)) yield [pointer, isMap]
  if (isMap) return
  for (const [key, each] of Object.entries(value)) yield* objectsIn(each, `${pointer}/${key}`)
}

for (const key of ['unknown', '__proto__', 'constructor', 'hasOwnProperty', 'ID', 'actor ']) {
  t.test(`the property ${JSON.stringify(key)} is refused in every object of a statement`, async (t) => {
    for (const statement of [complete2, withSubStatement]) {
      for (const [pointer, isMap] of objectsIn(changed(statement))) {
        const places = placesOf(changed(statement, [`${pointer}/${key}`, { name: 'x' }]))
        // `ID` could be a language, but its text is no text.
        const isRefused = places.some(
          (place) => place.startsWith(`${pointer}/${key} `) && (isMap || place.endsWith(' additionalProperties'))
        )
        const isAuthority = places.includes(`${pointer}/${key} authority`)
        t.ok(isRefused || isAuthority, `${pointer}/${key}`, { places })
      }
    }
  })
}

t.test('whatever keys and values extensions hold inside is data', async (t) => {
  const value = JSON.parse(
    '{"__proto__": {"x": null}, "constructor": {"prototype": 1}, "toString": [], "": "", "a b": {"__proto__": null}}'
  )
  t.same(placesOf(changed(minimal, ['/result', { extensions: { 'x:y': value } }])), [])
  t.equal(Object.hasOwn(Object.prototype, 'x'), false, 'and it changes no prototype')
})

t.test('__proto__ is no IRI, so no extension, and no language', async (t) => {
  const statement = JSON.parse(
    JSON.stringify({ ...minimal, result: { extensions: {} } }).replace(
      '"extensions":{}',
      '"extensions":{"__proto__":1}'
    )
  )
  t.same(placesOf(statement), ['/result/extensions/__proto__ format/iri'])
  t.same(placesOf(changed(minimal, ['/verb/display', {}], ['/verb/display/__proto__', 'x'])), [
    '/verb/display/__proto__ format/language-tag'
  ])
})

t.test('properties that a prototype would have are not taken from it', async (t) => {
  t.same(placesOf(JSON.parse('{"__proto__": {"actor": {"mbox": "mailto:ada@example.org"}}}')).sort(), [
    ' required',
    ' required',
    ' required',
    '/__proto__ additionalProperties'
  ])
})

/** Every place of a statement outside extensions, each with its value. */
function* placesIn(value: Json, pointer = ''): Generator<readonly [pointer: string, value: Json]> {
  yield [pointer, value]
  if (typeof value !== 'object' || value === null || pointer.endsWith('/extensions')) return
  for (const [key, each] of Object.entries(value))
    yield* placesIn(each, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
}

const typeOf = (value: Json): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)
const others: readonly Json[] = [null, true, 12345, 'x y', [], ['x y'], {}, { key: 'x y' }]

t.test('a value of another type is refused everywhere but in extensions, and the place is named', async (t) => {
  const statements = [
    [complete, '1.0.3'],
    [complete2, '2.0.0'],
    [withSubStatement, '1.0.3'],
    [withSubStatement, '2.0.0']
  ] as const
  for (const [statement, version] of statements) {
    for (const [pointer, value] of placesIn(changed(statement))) {
      for (const other of others.filter((each) => typeOf(each) !== typeOf(value))) {
        // A contextActivity may be an object or an array; empty and unidentified ones have their own tests.
        if (/\/(?:parent|grouping|category|other)$/.test(pointer) && typeof other === 'object' && other !== null)
          continue
        const changedStatement = pointer === '' ? other : changed(statement, [pointer, other])
        const places = placesOf(changedStatement, version)
        t.ok(
          places.some((place) => place.startsWith(`${pointer} `) || place.startsWith(`${pointer}/`)),
          `${pointer} = ${JSON.stringify(other)}`,
          { places }
        )
      }
    }
  }
})

const nested = (levels: number, open: string, close: string): Json =>
  JSON.parse(`${open.repeat(levels)}1${close.repeat(levels)}`)

t.test(`more than ${maxDepth} levels are refused wherever they are, in any number, without overflow`, async (t) => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}']
  ] as const) {
    // The statement, its result and the extensions are three levels.
    const statement = (levels: number) =>
      changed(
        minimal,
        ['/result', { extensions: { 'x:y': 0 } }],
        ['/result/extensions/x:y', nested(levels, open, close)]
      )
    t.same(placesOf(statement(maxDepth - 3)), [], 'as deep as may be')
    const tooDeep = validateStatement(statement(maxDepth - 2), '1.0.3')
    t.equal(tooDeep.length, 1)
    t.match(tooDeep[0], { rule: 'maxDepth', pointer: /^\/result\/extensions\/x:y(?:\/[a0]){97}$/ })
  }
  for (const levels of [101, 10_000]) {
    for (const text of [
      `${'['.repeat(levels)}${']'.repeat(levels)}`,
      `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
    ]) {
      const value: unknown = JSON.parse(text)
      for (const version of versions) t.equal(validateStatement(value, version)[0]?.rule, 'maxDepth', `${levels}`)
      t.equal(validateAgent(value, '1.0.3', 'agent')[0]?.rule, 'maxDepth')
      const inExtensions = { ...minimal, context: { extensions: { 'x:y': value } } }
      t.equal(validateStatement(inExtensions, '1.0.3')[0]?.rule, 'maxDepth')
    }
  }
})

t.test('half of a surrogate pair is refused in text and keys, in extensions too', async (t) => {
  for (const lone of ['\ud800', 'a\udc00', '\udc00\ud800', '\ud83d x']) {
    t.same(placesOf(changed(complete, ['/actor/name', lone])), ['/actor/name noLoneSurrogates'])
    t.same(placesOf(changed(complete, ['/result/extensions', { 'x:y': [{ z: lone }] }])), [
      '/result/extensions/x:y/0/z noLoneSurrogates'
    ])
    t.same(placesOf(changed(complete, ['/result/extensions', { 'x:y': { [lone]: 1 } }])), [
      `/result/extensions/x:y/${lone} noLoneSurrogates`
    ])
  }
  t.same(placesOf(changed(complete, ['/actor/name', '\u{1F600}é\u0000'])), [], 'whole characters are text')
})

t.test('numbers that JSON can write and a double cannot hold are refused', async (t) => {
  const infinite = JSON.parse(JSON.stringify(complete).replace('"raw":9.5', '"raw":1e999'))
  t.same(placesOf(infinite), ['/result/score/raw finiteNumbers'])
  for (const number of ['1E400', '-1e309', '1'.repeat(400)]) {
    const value: Json = JSON.parse(`[{"z": ${number}}]`)
    t.same(placesOf(changed(complete, ['/result/extensions', { 'x:y': value }])), [
      '/result/extensions/x:y/0/z finiteNumbers'
    ])
  }
  const most = { 'x:y': [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE] }
  t.same(placesOf(changed(complete, ['/result/extensions', most])), [], 'the largest and the smallest')
})

t.test('a huge value is refused quickly, with a handful of problems', async (t) => {
  const million = 1_000_000
  const keys = Object.fromEntries(Array.from({ length: 50_000 }, (_, each) => [`key ${each}`, null]))
  const bad: readonly (readonly [Json, string])[] = [
    [changed(minimal, ['/verb/id', 'x'.repeat(million)]), '/verb/id format/iri'],
    [changed(minimal, ['/id', 'a'.repeat(million)]), '/id format/uuid'],
    [{ ...minimal, ...keys }, '/key 0 additionalProperties'],
    [changed(minimal, ['/verb/display', keys]), '/verb/display/key 0 format/language-tag'],
    [changed(minimal, ['/attachments', Array(50_000).fill('x')]), '/attachments/0 type'],
    [
      changed(minimal, ['/actor', { objectType: 'Group', member: Array(50_000).fill({}) }]),
      '/actor/member/0 oneIdentifier'
    ],
    [Array(50_000).fill(minimal), ' type']
  ]
  for (const [value, place] of bad) {
    const begin = performance.now()
    const places = placesOf(value)
    const took = performance.now() - begin
    t.same(places, [place])
    t.ok(took < 1000, `${place} in ${took} ms`)
  }
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, each) => [`key${each}`, 1]))
  t.equal(placesOf({ ...minimal, ...many }).length, 10, 'of five hundred faults ten are named')
  const [long] = validateStatement({ ...minimal, ['k'.repeat(million)]: 1 }, '1.0.3')
  t.equal(long?.pointer, `/${'k'.repeat(200)}…`, 'a key of a megabyte is not repeated')
})

t.test('no JSON makes validation throw, or is changed by it', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(...versions), (value, version) => {
      const before = JSON.stringify(value)
      const problems = validateStatement(value, version)
      validateAgent(value, version, 'agent')
      validateAgent(value, version, 'agent-or-identified-group')
      return problems.length > 0 && JSON.stringify(value) === before
    }),
    { numRuns: 500 }
  )
  t.pass('five hundred values')
})

t.test('a statement with any JSON at any place is judged without a throw, and a good one is not changed', async (t) => {
  const places = [...placesIn(changed(complete2))].map(([pointer]) => pointer).slice(1)
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue(), (pointer, value) => {
      const statement = changed(complete2, [pointer, value as Json])
      const before = JSON.stringify(statement)
      validateStatement(statement, '2.0.0')
      return JSON.stringify(statement) === before
    }),
    { numRuns: 1000 }
  )
  t.pass('a thousand statements')
})
