import fc from 'fast-check'
import t from 'tap'
import { setAside } from '../../src/json/set-aside.ts'

/** What is printed of a text that was set aside, parsed, and put back. */
const through = (text: string): string => {
  const { text: left, putBack } = setAside(text)
  return putBack(JSON.stringify(JSON.parse(left)))
}

t.test('every number is printed as it was written, extensions to the letter', async (t) => {
  for (const number of ['1.0', '-0', '1e3', '1E+2', '0.0000001', '12345678901234567890', '0.1', '-7', '1e400']) {
    t.equal(through(`[${number}]`), `[${number}]`)
    t.equal(
      through(`{"a":${number},"b":-${number.replace('-', '')}}`),
      `{"a":${number},"b":-${number.replace('-', '')}}`
    )
  }
  const extensions = '{ "b" : 1.0,\t"a" : [ 1e3, "\\u0041\\"}]," ] }'
  t.equal(through(`{"extensions" : ${extensions} , "z":1.50}`), `{"extensions":${extensions},"z":1.50}`)
  t.equal(
    through('{"a":"extensions","b":["extensions"],"extension":{"c": 1}}'),
    '{"a":"extensions","b":["extensions"],"extension":{"c":1}}'
  )
})

t.test('any JSON is the same JSON afterwards', async () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), (one, other) => {
      const text = `{"x":${one},"extensions":${other},"y":[{"extensions":${one}}]}`
      return JSON.stringify(JSON.parse(through(text))) === JSON.stringify(JSON.parse(text))
    })
  )
})

/** How many characters are looked at one by one. */
const looksAt = (text: string): number => {
  const { charCodeAt } = String.prototype
  let looks = 0
  const counting = function (this: string, at: number): number {
    looks += 1
    return charCodeAt.call(this, at)
  }
  Object.defineProperty(String.prototype, 'charCodeAt', { value: counting, configurable: true, writable: true })
  try {
    setAside(text)
  } finally {
    Object.defineProperty(String.prototype, 'charCodeAt', { value: charCodeAt, configurable: true, writable: true })
  }
  return looks
}

t.test('no character is looked at more often because the text is longer, however deep', async (t) => {
  const nested = (times: number): string =>
    `[${Array.from({ length: times }, () => `${'[{"a":'.repeat(45)}1.0${'}]'.repeat(45)}`).join()}]`
  const extended = (times: number): string =>
    `[${Array.from({ length: times }, () => `{"extensions":${'[{"a":'.repeat(45)}1.0${'}]'.repeat(45)}}`).join()}]`
  for (const make of [nested, extended]) {
    const [short, long] = [make(4), make(64)]
    t.ok(looksAt(short) > 100)
    t.ok(looksAt(long) <= looksAt(short) * (long.length / short.length) * 1.01)
  }
})
