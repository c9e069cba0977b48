import fc from 'fast-check'
import t from 'tap'
import { scanObject } from '../../src/json/object-scan.ts'

interface Scanned {
  readonly members: readonly (readonly [key: string, value: string])[]
}

/** Looked at in steps of this size. */
const scan = (text: string, stride: number): Scanned | undefined => {
  const bytes = Buffer.from(text)
  const { step, places } = scanObject(bytes, 0)
  try {
    while (!step(stride)) {}
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  const members: [string, string][] = []
  for (let at = 0; at < places.length; at += 4) {
    const [start, keyEnd, valueStart, end] = places.slice(at, at + 4)
    members.push([bytes.toString('utf8', start, keyEnd), bytes.toString('utf8', valueStart, end)])
  }
  return { members }
}

const isObject = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
const spaces = fc.constantFrom(undefined, 1, '\t', '\n\r ')

t.test('the members of any object are found, however few bytes are looked at at once', async (t) => {
  fc.assert(
    fc.property(objects, spaces, fc.integer({ min: 1, max: 9 }), (value, space, stride) => {
      const found = scan(JSON.stringify(value, undefined, space), stride)
      const read = found?.members.map(([key, text]) => [JSON.parse(key), JSON.parse(text)])
      t.strictSame(read, Object.entries(JSON.parse(JSON.stringify(value))))
    })
  )
})

t.test('what is taken is what JSON.parse takes', async (t) => {
  const odd = fc.constantFrom(...'{}[]",:\\0-+.eEu1tfn \u0001', '\\u00e', 'true', 'nul', '1e', '-', '00', '"a":1,')
  fc.assert(
    fc.property(
      objects,
      odd,
      fc.nat(),
      fc.boolean(),
      fc.integer({ min: 1, max: 9 }),
      (value, piece, place, instead, stride) => {
        const text = JSON.stringify(value)
        const at = place % text.length
        const altered = `{${text.slice(1, at + 1)}${piece}${text.slice(at + 1 + Number(instead))}`
        // Not a line of TAP for each: such texts are no names of tests.
        return (scan(altered, stride) !== undefined) === isObject(altered)
      }
    ),
    { numRuns: 2000 }
  )
  const numbers = [
    '0',
    '-0',
    '10',
    '1.5',
    '1e5',
    '1E-5',
    '1.0e+05',
    '01',
    '1.',
    '.5',
    '-',
    '+1',
    '1e',
    '1e+',
    '0x1',
    '1_0',
    '--1'
  ]
  const strings = ['"\\u00e9"', '"\\ud800"', '"\\u00g9"', '"\\x"', '"\t"', '"', '"\\"']
  for (const value of [
    ...numbers,
    ...strings,
    'true',
    'trueish',
    'nulL',
    '[1,]',
    '[,]',
    '{"a"}',
    '{"a":1,}',
    '{,}',
    '[}',
    ''
  ]) {
    const text = `{"a":${value}}`
    t.equal(scan(text, 3) !== undefined, isObject(text), text)
  }
})
