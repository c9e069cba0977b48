import { globSync, readFileSync } from 'node:fs'
import t from 'tap'

const rulings = readFileSync('test/rulings.md', 'utf8')
const known = new Set([...rulings.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number)))

const places = globSync('{src,test}/**/*.ts').flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((text, index) => ({ at: `${file}:${index + 1}`, text }))
)

/** `ruling 5`, `rulings 1 to 6, 9 and 10`: the numbers. */
const cited = (text: string): readonly number[] =>
  [...text.matchAll(/\brulings? (\d+(?:(?:, | and | to )(?:\d+))*)/gi)].flatMap(([, list = '']) =>
    [...list.matchAll(/(\d+) to (\d+)|(\d+)/g)].flatMap(([, from, to, one]) =>
      one === undefined
        ? Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index)
        : [Number(one)]
    )
  )

t.test('the numbers of a citation are understood', async (t) => {
  t.same(cited('after rulings 1 to 3, 9 and 10. Ruling 5: met'), [1, 2, 3, 9, 10, 5])
})

t.test('every ruling that is cited is in test/rulings.md', async (t) => {
  t.same(
    [...known],
    Array.from({ length: known.size }, (_, index) => index + 1)
  )
  const unknown = places.filter(({ text }) => cited(text).some((number) => !known.has(number)))
  t.same(unknown, [])
  t.ok(places.filter(({ text }) => cited(text).length > 0).length > 50)
})

t.test('every ruling is named by a test', async (t) => {
  const named = new Set(places.filter(({ at }) => at.startsWith('test/')).flatMap(({ text }) => cited(text)))
  t.same(
    [...known].filter((number) => !named.has(number)),
    []
  )
})

t.test('clauses of the specification are cited in one form: Data §2.4.7, Communication §2.1.3', async (t) => {
  const short = places.filter(({ at, text }) => !at.includes('citations.test') && /(?<![\w.§])[CD] §?\d\.\d/.test(text))
  t.same(short, [])
})
