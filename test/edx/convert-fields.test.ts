import t from 'tap'
import { keyOfBlock, typeOfBlock } from '../../src/edx/convert/addresses.ts'
import { answerText, numberOf, textOf, truthOf } from '../../src/edx/convert/fields.ts'
import { asIri } from '../../src/edx/convert/iri.ts'
import { scoreOf } from '../../src/edx/convert/score.ts'
import { createNames, uuidBytes } from '../../src/edx/convert/statement-id.ts'
import { asTimestamp } from '../../src/edx/convert/time.ts'
import { isTimestamp } from '../../src/validation/formats/timestamp.ts'

t.test('times are written as Ralph 5 writes them', async (t) => {
  for (const [time, written] of [
    ['2021-12-01T08:17:47+00:00', '2021-12-01T08:17:47Z'],
    ['2021-12-01T08:17:47.000000+00:00', '2021-12-01T08:17:47Z'],
    ['2021-12-01T08:17:47.123456+01:00', '2021-12-01T08:17:47.123456+01:00'],
    ['2021-12-01T08:17:47.12Z', '2021-12-01T08:17:47.120000Z'],
    ['2021-12-01T08:17:47.1234567Z', '2021-12-01T08:17:47.123456Z'],
    ['2021-12-01t08:17:47z', '2021-12-01T08:17:47Z'],
    ['2021-12-01 08:17:47', '2021-12-01T08:17:47'],
    ['2021-12-01T08:17Z', '2021-12-01T08:17:00Z'],
    ['2021-12-01T08:17:47-0500', '2021-12-01T08:17:47-05:00'],
    ['2021-12-01T08:17:47+02', '2021-12-01T08:17:47+02:00'],
    ['2021-12-01T08:17:47-00:00', '2021-12-01T08:17:47Z'],
    ['2021-12-01', '2021-12-01T00:00:00'],
    ['1638346667', '2021-12-01T08:17:47Z'],
    ['1638346667.5', '2021-12-01T08:17:47.500000Z'],
    ['1638346667000', '2021-12-01T08:17:47Z']
  ] as const) {
    t.equal(asTimestamp(time, ''), written)
    t.ok(isTimestamp(written))
  }
})

t.test('what is no time is refused', async (t) => {
  for (const time of [
    '',
    'x',
    '2021-13-01',
    '2021-02-29',
    '2021-12-01T24:00:00Z',
    '2021-12-01T08:60Z',
    '99999999999999999'
  ]) {
    t.throws(() => asTimestamp(time, 'Z'), { code: 'INVALID_INPUT', message: '/time should be a time' }, time)
  }
})

t.test('what may not stand in an IRI is encoded, and nothing else', async (t) => {
  for (const [text, iri] of [
    ['https://a.org/é/日本?q=1&r[]=2#top', 'https://a.org/é/日本?q=1&r%5B%5D=2#top'],
    ['https://a.org/a b|c\\d"<>{}^`', 'https://a.org/a%20b%7Cc%5Cd%22%3C%3E%7B%7D%5E%60'],
    ['https://a.org/100%/%41/%zz', 'https://a.org/100%25/%41/%25zz'],
    ['https://a.org/#a#b', 'https://a.org/#a%23b'],
    ['https://a.org/\ud800x', 'https://a.org/%EF%BF%BDx'],
    ['https://a.org/\n\u0000\u0085', 'https://a.org/%0A%00%C2%85'],
    ['https://a.org/😀', 'https://a.org/😀']
  ] as const) {
    t.equal(asIri(text), iri)
    t.equal(asIri(iri), iri, 'and a second time changes nothing')
  }
})

t.test('the ids of a namespace are UUIDs of version 5', async (t) => {
  // RFC 9562, appendix A.4: version 5 of www.example.com in the namespace of DNS names.
  const dns = uuidBytes('6ba7b810-9dad-11d1-80b4-00c04fd430c8')
  t.ok(dns)
  t.equal(createNames(dns ?? Buffer.alloc(0))(Buffer.from('www.example.com')), '2ed6657d-e927-568b-95e1-2665a8aea6a2')
  const idOf = createNames(Buffer.alloc(16))
  const long = Buffer.from('€'.repeat(20_000))
  t.equal(idOf(long), createNames(Buffer.alloc(16))(long), 'also for names longer than expected')
  t.not(idOf(Buffer.from('a')), idOf(Buffer.from('b')))
  for (const text of ['', 'x', '6ba7b810-9dad-11d1-80b4', '6ba7b810-9dad-11d1-80b4-00c04fd430cg']) {
    t.equal(uuidBytes(text), undefined, text)
  }
  t.same(uuidBytes('{6BA7B8109DAD11D180B400C04FD430C8}'), dns)
})

t.test('components have the keys of the age of their course', async (t) => {
  t.equal(keyOfBlock('course-v1:A+B+C', 'problem', 'x'), 'block-v1:A+B+C+type@problem+block@x')
  t.equal(keyOfBlock('A/B/C', 'problem', 'x'), 'i4x://A/B/problem/x')
  t.equal(typeOfBlock('block-v1:A+B+C+type@problem+block@x'), 'question')
  t.equal(typeOfBlock('i4x://A/B/video/x'), 'video')
  t.equal(typeOfBlock('i4x://A/B/constructor/x'), 'resource')
  t.equal(typeOfBlock('nothing'), 'resource')
})

t.test('a score has bounds only where the points are within them', async (t) => {
  t.same(scoreOf(1, 4), { scaled: 0.25, raw: 1, min: 0, max: 4 })
  t.same(scoreOf(5, 4), { scaled: 1, raw: 5 })
  t.same(scoreOf(-1, 4), { scaled: -0.25, raw: -1 })
  t.same(scoreOf(0, 0), { raw: 0 })
  t.equal(scoreOf(undefined, 4), undefined)
})

t.test('several answers stand in one text as xAPI has them', async (t) => {
  t.equal(answerText(['a', 2, null]), 'a[,]2')
  t.equal(answerText({ x_2_1: 'a', x_3_1: ['b', 'c'] }), 'a[,]["b","c"]')
  t.equal(answerText([]), undefined)
  t.equal(answerText(''), '')
})

t.test('numbers and truths may be text, and what cannot be one is said with its place', async (t) => {
  const part = { value: { n: '12.5', big: '1e999', no: 'x', t: 'True', f: false, list: [] }, at: '/event' }
  t.equal(numberOf(part, 'n'), 12.5)
  t.equal(numberOf(part, 'absent'), undefined)
  t.throws(() => numberOf(part, 'big'), { message: '/event/big should be a number' })
  t.throws(() => numberOf(part, 'no'), { message: '/event/no should be a number' })
  t.throws(() => textOf(part, 'list'), { message: '/event/list should be a text' })
  t.equal(truthOf(part, 't'), true)
  t.equal(truthOf(part, 'f'), false)
  t.equal(truthOf(part, 'n'), undefined)
  t.equal(textOf(part, 'toString'), undefined)
})
