import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type LineBatch, linesOf, readBlocks, readLines } from '../../src/streams/lines.ts'

async function* chunksOf(...texts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

const linesIn = async (chunks: AsyncIterable<Uint8Array>, maxLineBytes?: number) => {
  const batches: LineBatch[] = []
  for await (const batch of readLines(chunks, maxLineBytes === undefined ? {} : { maxLineBytes })) batches.push(batch)
  return {
    batches,
    lines: batches.flatMap(({ lines }) => lines),
    broken: batches.flatMap(({ broken }) => broken),
    bytes: batches.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}

t.test('lines are the same wherever the input is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'binary', maxLength: 5 }).map((text) => text.replaceAll('\n', ''))),
      fc.array(fc.nat({ max: 40 })),
      fc.boolean(),
      async (texts, cuts, ends) => {
        const whole = Buffer.from(texts.join('\n') + (ends ? '\n' : ''))
        const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((one, other) => one - other), whole.length]
        const chunks = at.slice(1).map((end, index) => whole.subarray(at[index], end))
        const { lines, batches, bytes } = await linesIn(chunksOf(...chunks))
        const expected = whole.toString().split('\n')
        if (expected.at(-1) === '') expected.pop()
        assert.deepEqual(lines, expected)
        assert.equal(bytes, whole.length)
        let first = 1
        for (const batch of batches) {
          assert.equal(batch.first, first)
          first += batch.lines.length
        }
      }
    ),
    { numRuns: 300 }
  )
})

t.test('a line that is too long is named by its number, and those around it are whole', async (t) => {
  const long = 'x'.repeat(50)
  for (const cut of [1, 7, 20, 64, 1000]) {
    const whole = Buffer.from(`ab\n${long}\ncd\n${long}`)
    const chunks: Buffer[] = []
    for (let at = 0; at < whole.length; at += cut) chunks.push(whole.subarray(at, at + cut))
    const { lines, broken, bytes } = await linesIn(chunksOf(...chunks), 10)
    t.same(lines, ['ab', undefined, 'cd', undefined])
    t.same(broken, [
      { number: 2, reason: 'is longer than 10 bytes' },
      { number: 4, reason: 'is longer than 10 bytes' }
    ])
    t.equal(bytes, whole.length)
  }
})

t.test('a line of exactly the limit is not too long', async (t) => {
  t.same((await linesIn(chunksOf('0123456789\n', '01234', '56789\n'), 10)).broken, [])
})

t.test('what is not UTF-8 is named by its number', async (t) => {
  const { lines, broken } = await linesIn(chunksOf('a\n', Buffer.from([0x22, 0xe9, 0x22, 10]), 'b'))
  t.same(lines, ['a', undefined, 'b'])
  t.same(broken, [{ number: 2, reason: 'is not UTF-8' }])
})

t.test('blocks are the bytes as they came', async (t) => {
  const texts = ['a\r\nb', '\n\n', 'c']
  const blocks: string[] = []
  for await (const block of readBlocks(chunksOf(...texts))) {
    blocks.push(Buffer.from(block.bytes).toString())
    t.equal(block.size, block.bytes.length)
  }
  t.same(blocks, ['a\r\n', 'b\n\n', 'c'])
  t.same(linesOf({ bytes: Buffer.from('b\n\n'), dropped: false, size: 3 }, 2), {
    first: 2,
    lines: ['b', ''],
    broken: [],
    bytes: 3
  })
})

t.test('chunks may be lent until the next one is asked for, and so are blocks then', async (t) => {
  const lines = ['a', '', 'é'.repeat(40), 'b'.repeat(200_000), '{}', 'c'.repeat(7)]
  const all = Buffer.from(lines.join('\n'))
  for (const size of [1, 5, 64, 2 ** 16, 2 ** 20]) {
    const buffer = Buffer.alloc(size)
    const lent = async function* () {
      for (let at = 0; at < all.length; at += size) {
        const chunk = all.subarray(at, at + size)
        buffer.fill('?').set(chunk)
        yield buffer.subarray(0, chunk.length)
      }
      buffer.fill('?')
    }
    const taken: Buffer[] = []
    for await (const { bytes } of readBlocks(lent(), { lent: true })) {
      taken.push(Buffer.from(bytes))
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).fill('!')
    }
    t.ok(Buffer.concat(taken).equals(all), `in chunks of ${size}`)
  }
})

t.test('of a line without end no more is kept than the limit allows', async (t) => {
  const endless = async function* () {
    const chunk = Buffer.alloc(2 ** 20, 'x')
    for (let index = 0; index < 300; index += 1) yield chunk
    yield Buffer.from('\nlast\n')
  }
  const before = process.memoryUsage().rss
  const { lines, broken } = await linesIn(endless(), 2 ** 21)
  t.same(lines, [undefined, 'last'])
  t.equal(broken.length, 1)
  t.ok(process.memoryUsage().rss - before < 2 ** 26)
})
