import fc from 'fast-check'
import t from 'tap'
import { formatMicros, parseMicros } from '../../src/xapi/timestamp.ts'

const noon = Date.UTC(2026, 10, 21, 12) * 1000

const instants: readonly (readonly [text: string, micros: number])[] = [
  ['2026-11-21T12:00:00Z', noon],
  ['2026-11-21t12:00:00z', noon],
  ['2026-11-21 12:00:00Z', noon],
  ['2026-11-21T12:00:00', noon],
  ['2026-11-21T14:30:00+02:30', noon],
  ['2026-11-21T14:30:00+0230', noon],
  ['2026-11-21T09:00:00-03', noon],
  ['2026-11-20T23:00:00-13:00', noon],
  ['2026-11-21T12:00Z', noon],
  ['20261121T143000+0230', noon],
  ['2026-W47-6T12Z', noon],
  ['2026-325T11:30,5Z', noon - 29.5 * 60_000_000],
  ['2026-11-20T24:00Z', noon - 12 * 3_600_000_000],
  ['2026-11-21T12:00:00,123456Z', noon + 123_456],
  ['2026-11-21T12:00:00.5Z', noon + 500_000],
  ['2026-11-21T12:00:00.000001Z', noon + 1],
  ['2026-11-21T12:00:00.123456999Z', noon + 123_456],
  ['2026-11-21T12:00:00.1234560+00:00', noon + 123_456],
  ['1969-12-31T23:59:59.999999Z', -1],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000_000],
  ['2016-12-31T23:59:60Z', Date.UTC(2017, 0) * 1000],
  ['2016-12-31T23:59:60.25Z', Date.UTC(2017, 0) * 1000 + 250_000]
]

t.test('ruling 17: a timestamp is an instant, exact to the microsecond', async (t) => {
  for (const [text, micros] of instants) t.equal(parseMicros(text), micros, text)
})

t.test('what is no timestamp has no instant', async (t) => {
  for (const text of [
    '',
    'now',
    '2026-11-21',
    '2026-11-21T12:00+1',
    '2026-13-01T00:00:00Z',
    '2026-11-21T12:61:00Z',
    '2026-11-21T12:00:00.Z',
    '2026-11-21T12:00:00+1',
    ' 2026-11-21T12:00:00Z'
  ]) {
    t.equal(parseMicros(text), undefined, text)
  }
})

t.test('stored is written with six digits, in UTC', async (t) => {
  t.equal(formatMicros(noon + 123), '2026-11-21T12:00:00.000123Z')
  t.equal(formatMicros(noon + 999_999), '2026-11-21T12:00:00.999999Z')
  t.equal(formatMicros(-1), '1969-12-31T23:59:59.999999Z')
})

t.test('ruling 6: what is written is read back exactly, and texts have the order of their instants', async (t) => {
  const micros = fc.integer({ min: 0, max: Date.UTC(2255, 0) * 1000 })
  fc.assert(
    fc.property(micros, micros, (one, other) => {
      if (parseMicros(formatMicros(one)) !== one) return false
      return one < other === formatMicros(one) < formatMicros(other)
    }),
    { numRuns: 1000 }
  )
  t.pass()
})
