import fc from 'fast-check'
import t from 'tap'
import { parseExactly } from '../../src/json/parse-exactly.ts'

const again = (text: string): string => JSON.stringify(parseExactly(text))

t.test('numbers are printed as they stood in the text, wherever they are', async (t) => {
  const numbers =
    '1.0 -0 -0.0 0.10 1e3 1E+3 1.5e-7 0.0000001 100000000000000000000000 12345678901234567890 0.1234567890123456789 1 0 -1.5'
  for (const number of numbers.split(' ')) {
    for (const text of [number, `[${number}]`, `[1,${number}]`, `{"a":${number},"b":[{"c":${number}}]}`]) {
      if (text !== number) t.equal(again(text), text)
    }
    t.equal(again(`{"a": ${number} }`), `{"a":${number}}`, 'white space around it')
  }
})

t.test('any number of any form', async (t) => {
  const digits = fc.stringMatching(/^[0-9]{1,25}$/)
  const number = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.bigInt({ min: 0n, max: 10n ** 25n }),
      fc.option(digits),
      fc.option(fc.integer({ min: -300, max: 250 }))
    )
    .map(
      ([sign, whole, fraction, exponent]) =>
        `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`
    )
  fc.assert(
    fc.property(number, (each) => again(`{"a":[${each}]}`) === `{"a":[${each}]}`),
    { numRuns: 2000 }
  )
  t.pass()
})

t.test('what holds no such number is as JSON.parse has it', async (t) => {
  const value = { a: [1, 'at 10:00, 1.0', null, true, { __proto: 1.5 }], b: '2024-01-01T00:00:00.000Z' }
  t.same(parseExactly(JSON.stringify(value)), value)
})
