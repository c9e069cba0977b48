import fc from 'fast-check'
import t from 'tap'
import { setAside } from '../../src/xapi/set-aside.ts'

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

t.test('what is twice as long takes about twice the time, however deep', async (t) => {
  const nested = (times: number): string =>
    `[${Array.from({ length: times }, () => `${'[{"a":'.repeat(45)}1.0${'}]'.repeat(45)}`).join()}]`
  const timeOf = (text: string): number => {
    const began = performance.now()
    through(text)
    return performance.now() - began
  }
  const [short, long] = [nested(500), nested(8000)]
  timeOf(short)
  const [one, sixteen] = [Math.max(1, Math.min(timeOf(short), timeOf(short))), Math.min(timeOf(long), timeOf(long))]
  // One that is not linear takes 16 times longer than this.
  t.ok(sixteen < one * 16 * 6, `${one} ms and ${sixteen} ms`)
})
