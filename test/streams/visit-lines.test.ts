import t from 'tap'
import { type LineBlock, linesOf, readBlocks } from '../../src/streams/lines.ts'
import { visitLines } from '../../src/streams/visit-lines.ts'

const options = { maxLineBytes: 20 }

const blocksOf = async (chunks: readonly Uint8Array[]): Promise<readonly LineBlock[]> => {
  const blocks: LineBlock[] = []
  const input = (async function* () {
    yield* chunks
  })()
  for await (const block of readBlocks(input, options)) blocks.push(block)
  return blocks
}

const texts = ['', 'a', 'é\r', 'x'.repeat(20), '日本語', 'x'.repeat(21), 'y'.repeat(70), '\ud83d\ude00', '{}'] as const

t.test('lines are visited as linesOf has them, each with its bytes', async (t) => {
  for (let round = 0; round < 300; round++) {
    const lines = Array.from({ length: round % 7 }, (_, index) =>
      Buffer.from(texts[(round * 31 + index * 17) % texts.length] ?? '')
    )
    if (round % 5 === 0) lines.push(Buffer.from([0xff, 0x41]))
    const whole = Buffer.concat(
      lines.flatMap((line, index) => [line, Buffer.from(index < lines.length - 1 || round % 2 === 0 ? '\n' : '')])
    )
    const cut = (round * 13) % (whole.length + 1)
    for (const block of await blocksOf([whole.subarray(0, cut), whole.subarray(cut)])) {
      const expected = linesOf(block, 0, options)
      const visited: (string | undefined)[] = []
      const bytes: Uint8Array[] = []
      const broken: { number: number; reason: string }[] = []
      const count = visitLines(
        block,
        options,
        (text, index, start, end) => {
          const line = block.bytes.subarray(start, end)
          t.equal(index, visited.length)
          t.equal(Buffer.from(line).toString().replace(/\n$/, ''), text)
          visited.push(text)
          bytes.push(line)
          return false
        },
        (reason, index) => {
          visited.push(undefined)
          broken.push({ number: index, reason })
          return false
        }
      )
      t.same(visited, expected.lines)
      t.same(broken, expected.broken)
      t.equal(count, expected.lines.length)
      if (broken.length === 0) t.same(Buffer.concat(bytes), Buffer.from(block.bytes))
    }
  }
})

t.test('whoever has seen enough sees no more', async (t) => {
  for (const text of ['a\nb\nc\n', `a\n${'x'.repeat(50)}\nc\n`]) {
    const [block] = await blocksOf([Buffer.from(text)])
    const seen: string[] = []
    const see = (text: string): boolean => seen.push(text) === 2
    t.ok(block)
    if (block !== undefined)
      t.equal(
        visitLines(block, options, see, () => see('broken')),
        2
      )
    t.equal(seen.length, 2)
  }
})
