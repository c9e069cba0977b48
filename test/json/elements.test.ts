import fc from 'fast-check'
import t from 'tap'
import { scanElements } from '../../src/json/elements.ts'
import { elements, survey } from '../../src/json/exact.ts'

const scan = (text: string, stride: number) => {
  const bytes = Buffer.from(text)
  const found = scanElements(bytes)
  while (!found.step(stride));
  return { ...found, texts: found.found.map(({ start, end }) => bytes.toString('utf8', start, end)) }
}

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** What `readStatements` concludes from a scan. */
const isJson = (text: string, stride: number): boolean => {
  const { texts, isSound } = scan(text, stride)
  return isSound() && texts.every(parses)
}

t.test('finds what `elements` finds, whatever the stride', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.json({ maxDepth: 4 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 40 }),
      (list, stride) => {
        const text = ` [ ${list.join(' , ')} ]\n`
        const { texts, found, isList } = scan(text, stride)
        const expected = elements(text)
        return (
          isList() &&
          JSON.stringify(texts) === JSON.stringify(expected.map((each) => each.text)) &&
          found.every(({ keys, depth }, index) => {
            const all = survey(texts[index] ?? '')
            return keys === all.keys && depth === all.depth
          })
        )
      }
    )
  )
})

t.test('bytes are JSON exactly when the list is sound and each element is JSON', async (t) => {
  const texts = [
    '[]',
    '[ ]',
    '[1,2]',
    '[,]',
    '[1,]',
    '[,1]',
    '[1]]',
    '[1',
    '[',
    ']',
    '',
    ' ',
    '1',
    '1 2',
    '{}',
    '{}{}',
    '[{]}',
    '[1}',
    '["',
    '["a',
    '["\\"]',
    '["\\\\"]',
    '[[1,2],{"a":[3]}] ',
    '[1] x',
    '[1 2]',
    '{"a":1}]',
    '}',
    '[}]',
    '[1],[2]',
    '"a,b"',
    '["a,]",1]',
    '\ufeff[1]',
    '[1]['
  ]
  for (const text of texts) t.equal(isJson(text, 3), parses(text.replace(/^\ufeff/, '')), text)
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...'[]{},:"\\1a '), { maxLength: 14 }),
      fc.integer({ min: 1, max: 5 }),
      (characters, stride) => {
        const text = characters.join('')
        return isJson(text, stride) === parses(text)
      }
    ),
    { numRuns: 20_000 }
  )
})

t.test('of elements beyond a number nothing is kept, but they are counted', async (t) => {
  const list = scanElements(Buffer.from(`[${'{},'.repeat(100_000)}{}]`), 3)
  while (!list.step(1000));
  t.equal(list.count(), 100_001)
  t.equal(list.found.length, 3)
  t.ok(list.isSound())
})

t.test('blanks are passed over a step at a time, before, in and behind a list', async (t) => {
  const blanks = ' '.repeat(5_000_000)
  for (const [text, texts] of [
    [`${blanks}[1]`, ['1']],
    [`[1]${blanks}`, ['1']],
    [`${blanks}1`, ['1']],
    [blanks, ['']]
  ] as const) {
    const scan = scanElements(Buffer.from(text))
    let steps = 1
    for (; !scan.step(100_000); steps += 1);
    t.ok(steps > 40)
    t.ok(scan.isSound())
    t.same(
      scan.found.map(({ start, end }) => text.slice(start, end)),
      texts
    )
  }
  const unsound = scanElements(Buffer.from(`[1]${blanks}x`))
  while (!unsound.step(100_000));
  t.notOk(unsound.isSound())
})
