import t from 'tap'
import { decodePosition, encodePosition } from '../../src/xapi/position.ts'

const id = '6d3b6f6c-9b5a-4e26-9d0a-0c4f2f6f8c11'

t.test('a position is read as it was written, whatever the id is', async (t) => {
  const text = encodePosition({ stored: 1_764_444_293_000_001, id })
  t.equal(text, `1.1764444293000001.${id}`)
  for (const position of [
    { stored: 0, id },
    { stored: -5, id: 'a.b' },
    { stored: Number.MAX_SAFE_INTEGER, id: 'ä\n%2F 1.2' }
  ]) {
    t.same(decodePosition(encodePosition(position)), position)
    t.match(encodePosition(position), /^[\x21-\x7e]+$/)
  }
})

t.test('what is not a position is refused, and another version is named', async (t) => {
  const wrong = ['', '1', '1.', '1..', `1..${id}`, '1.5.', `1.5e3.${id}`, `1.99999999999999999.${id}`, '1.5.%', id]
  for (const text of wrong) {
    t.throws(() => decodePosition(text), { code: 'INVALID_CURSOR', message: /not a position/ }, text)
  }
  t.throws(() => decodePosition('2.whatever'), { code: 'INVALID_CURSOR', message: /another version/ })
})
