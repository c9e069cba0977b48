import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import t from 'tap'
import { type RejectedLine, type ValidateRequest, validateRecords } from '../../src/toolbox/validate.ts'
import { complete, minimal } from '../validation/examples.ts'

const linesOf = (values: readonly object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')

async function* chunksOf(input: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(input)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const validate = async (input: string | Uint8Array, request: Partial<ValidateRequest>, chunkSize = 10_000) => {
  const refused: RejectedLine[] = []
  const progress = { total: 0, invalid: 0 }
  let bytes = 0
  let out = ''
  let error: unknown
  try {
    const valid = validateRecords(chunksOf(input, chunkSize), {
      format: 'xapi',
      profile: undefined,
      maxLineBytes: 2 ** 24,
      stopAtInvalid: false,
      stopAtUnknown: false,
      jobs: 3,
      startAfter: 0,
      progress,
      onRefused: (each) => refused.push(each),
      onProgress: (done) => {
        bytes += done.bytes
      },
      ...request
    })
    for await (const each of valid) out += Buffer.from(each).toString()
  } catch (thrown) {
    error = thrown
  }
  return { out, refused, progress, bytes, error }
}

const values = Array.from({ length: 2000 }, (_, index) =>
  index % 500 === 499 ? { ...minimal, id: index } : { ...complete, result: { response: String(index) } }
)

t.test('threads or none: the same lines, the same numbers', async (t) => {
  const text = linesOf(values)
  for (const jobs of [1, 3]) {
    const { out, refused, progress, bytes, error } = await validate(text, { jobs })
    t.equal(error, undefined)
    t.ok(out === linesOf(values.filter((_, index) => index % 500 !== 499)), `${jobs} jobs`)
    t.same(
      refused.map(({ line }) => line),
      [500, 1000, 1500, 2000]
    )
    t.same(progress, { total: 2000, invalid: 4 })
    t.equal(bytes, Buffer.byteLength(text))
  }
})

t.test('where it ends, everything before was yielded and nothing after', async (t) => {
  for (const jobs of [1, 3]) {
    const { out, refused, progress, error } = await validate(linesOf(values), { jobs, stopAtInvalid: true })
    t.match(error, { code: 'INVALID_INPUT', details: { line: 500 } })
    t.ok(out === linesOf(values.slice(0, 499)), `${jobs} jobs`)
    t.match(refused, [{ line: 500, unknown: undefined, problems: [{ pointer: '/id', rule: 'type' }] }])
    t.equal(refused.length, 1)
    t.same(progress, { total: 500, invalid: 1 })
  }
})

t.test('values that JSON allows and statements do not are found, wherever they hide', async (t) => {
  const hidden = (text: string): string =>
    linesOf([{ ...minimal, result: { extensions: { 'https://e.example/x': 0 } } }]).replace(':0', `:${text}`)
  const cases: readonly (readonly [text: string, rule: string | undefined])[] = [
    ['1e400', 'finiteNumbers'],
    ['-1E+400', 'finiteNumbers'],
    [`1${'0'.repeat(309)}`, 'finiteNumbers'],
    [`[${'9'.repeat(400)}.0]`, 'finiteNumbers'],
    ['1e4', undefined],
    [`0.${'1'.repeat(400)}`, undefined],
    ['"\\ud83d"', 'noLoneSurrogates'],
    ['"\\ud83d\\ude00"', undefined],
    ['{"\\udc00":1}', 'noLoneSurrogates'],
    [`${'['.repeat(97)}${']'.repeat(97)}`, undefined],
    [`${'['.repeat(98)}${']'.repeat(98)}`, 'maxDepth'],
    ['{"a":1,"a":1}', 'uniqueKeys'],
    ['{"a":"\\"b\\":","c":"}{:"}', undefined]
  ]
  for (const [text, rule] of cases) {
    const { out, refused } = await validate(hidden(text), { jobs: 1 })
    t.equal(refused[0]?.problems[0]?.rule, rule, text.slice(0, 30))
    t.equal(out, rule === undefined ? hidden(text) : '')
  }
})

t.test('a byte order mark that begins an input stays; one where files were joined goes', async (t) => {
  const line = linesOf([minimal])
  const { out, refused } = await validate(`\ufeff${line}${line.repeat(200)}\ufeff${line}`, { jobs: 1 })
  t.equal(out, `\ufeff${line}${line.repeat(201)}`)
  t.same(refused, [])
})

t.test('lines of all sorts, cut anywhere: what is printed and what is refused is as line by line', async () => {
  const limit = 300
  const line = fc.constantFrom(
    Buffer.from(JSON.stringify(minimal)),
    Buffer.from(` ${JSON.stringify(minimal)}\r`),
    Buffer.from(JSON.stringify({ ...minimal, verb: {} })),
    Buffer.from('{"actor"'),
    Buffer.from(''),
    Buffer.from(' \r'),
    Buffer.from([0xff, 0x7b]),
    Buffer.alloc(limit, ' '),
    Buffer.alloc(limit + 1, ' '),
    Buffer.alloc(3 * limit, 'x')
  )
  const isValid = (each: Buffer): boolean => each.length <= limit && each.includes(JSON.stringify(minimal))
  const isRefused = (each: Buffer): boolean =>
    !isValid(each) && (each.length > limit || !isUtf8(each) || each.toString().trim() !== '')
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 2000 }), fc.boolean(), async (lines, size, ends) => {
      const input = Buffer.concat(lines.flatMap((each, index) => (index > 0 ? [Buffer.from('\n'), each] : [each])))
      const whole = ends ? Buffer.concat([input, Buffer.from('\n')]) : input
      const { out, refused } = await validate(whole, { jobs: 1, maxLineBytes: limit }, size)
      assert.equal(
        out,
        lines
          .filter(isValid)
          .map((each) => `${each}\n`)
          .join('')
      )
      assert.deepEqual(
        refused.map((each) => each.line),
        lines.flatMap((each, index) => (isRefused(each) ? [index + 1] : []))
      )
    }),
    { numRuns: 300 }
  )
})
