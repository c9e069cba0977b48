import t from 'tap'
import { checkPreconditions, etagOf, readPreconditions } from '../../src/xapi/concurrency.ts'

const etag = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'
const other = '1111111111111111111111111111111111111111'

t.test('Communication §3.1: the ETag is the lower-case SHA-1 of the content', async (t) => {
  t.equal(etagOf(new Uint8Array()), etag)
  t.equal(etagOf(Buffer.from('abc')), 'a9993e364706816aba3e25717850c26c9cd0d89d')
})

const holds = (ifMatch: string | undefined, ifNoneMatch: string | undefined, present: boolean): boolean => {
  try {
    checkPreconditions(readPreconditions(ifMatch, ifNoneMatch), present ? { etag } : undefined)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'PRECONDITION_FAILED') return false
    throw error
  }
}

type Row = readonly [rule: string, header: string, withDocument: boolean, without: boolean]

const ifMatch: readonly Row[] = [
  ['the ETag of the document', `"${etag}"`, true, false],
  ['another ETag', `"${other}"`, false, false],
  ['one of a list', `"${other}", "${etag}"`, true, false],
  ['none of a list', `"${other}","x"`, false, false],
  ['*: any document that is there', '*', true, false],
  ['* within white space', ' * ', true, false],
  ['a weak ETag never matches strongly', `W/"${etag}"`, false, false],
  ['a weak and a strong one', `W/"${other}", "${etag}"`, true, false],
  ['an ETag without quotes, as some clients send it', etag, true, false],
  ['a list without quotes', `${other},${etag}`, true, false],
  ['a comma within quotes separates nothing', `"a,${etag}"`, false, false],
  ['* within quotes is an ETag', '"*"', false, false],
  ['empty elements of a list mean nothing', `, "${etag}",,`, true, false],
  ['case counts', `"${etag.toUpperCase()}"`, false, false],
  ['an empty ETag is one', '""', false, false]
]

for (const [rule, header, withDocument, without] of ifMatch) {
  t.test(`ruling 22, If-Match: ${rule}`, async (t) => {
    t.equal(holds(header, undefined, true), withDocument, 'there is a document')
    t.equal(holds(header, undefined, false), without, 'there is none')
  })
}

const ifNoneMatch: readonly Row[] = [
  ['*: no document may be there', '*', false, true],
  ['the ETag of the document', `"${etag}"`, false, true],
  ['another ETag', `"${other}"`, true, true],
  ['one of a list', `"${other}", "${etag}"`, false, true],
  ['a weak ETag matches weakly', `W/"${etag}"`, false, true],
  ['an ETag without quotes', etag, false, true]
]

for (const [rule, header, withDocument, without] of ifNoneMatch) {
  t.test(`ruling 22, If-None-Match: ${rule}`, async (t) => {
    t.equal(holds(undefined, header, true), withDocument, 'there is a document')
    t.equal(holds(undefined, header, false), without, 'there is none')
  })
}

t.test('without headers everything holds', async (t) => {
  t.ok(holds(undefined, undefined, true))
  t.ok(holds(undefined, undefined, false))
  t.same(readPreconditions(undefined, undefined), { ifMatch: undefined, ifNoneMatch: undefined })
})

t.test('of both headers both must hold', async (t) => {
  t.ok(holds(`"${etag}"`, `"${other}"`, true))
  t.notOk(holds(`"${etag}"`, '*', true))
  t.notOk(holds(`"${other}"`, `"${other}"`, true))
  t.notOk(holds('*', '*', false))
})

t.test('a failed precondition says which ETag is there', async (t) => {
  t.throws(() => checkPreconditions(readPreconditions('"x"', undefined), { etag }), {
    code: 'PRECONDITION_FAILED',
    details: { etag }
  })
})

t.test('a header that is no list of ETags is refused', async (t) => {
  for (const header of [
    '',
    ' ',
    ',',
    '"',
    '"a',
    'a"',
    '"a" "b"',
    'a b',
    '*, "a"',
    '"a", *',
    'W/',
    'W/*',
    '"a"b',
    '**'
  ]) {
    t.throws(
      () => readPreconditions(header, undefined),
      { code: 'INVALID_HEADER', details: { header: 'If-Match' } },
      header
    )
    t.throws(() => readPreconditions(undefined, header), { code: 'INVALID_HEADER' }, header)
  }
})

t.test('a hostile header takes no time', async (t) => {
  const started = performance.now()
  for (const header of [`"a",`.repeat(50_000), ' '.repeat(200_000), `"${'a'.repeat(200_000)}`, ',\t'.repeat(100_000)]) {
    try {
      readPreconditions(header, undefined)
    } catch (error) {
      t.match(error, { code: 'INVALID_HEADER' })
    }
  }
  t.ok(performance.now() - started < 500)
})
