import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createSelect, type Selector } from '../../src/validation/decision-tree.ts'

const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((each, key) => (each as { [key: string]: unknown } | undefined)?.[key], value)

t.test('exactly those are found that all paths agree with, in the order given', async () => {
  const word = fc.constantFrom('a', 'b', 'c')
  const path = fc.constantFrom('x', 'y', 'z.w')
  const oneOf = fc.uniqueArray(word, { minLength: 1, maxLength: 3 })
  const wanted = fc.oneof({ weight: 4, arbitrary: word }, { weight: 2, arbitrary: oneOf }, fc.record({ valueOf: path }))
  const selectors = fc.array(fc.dictionary(path, wanted, { maxKeys: 3 }), { maxLength: 8 })
  const values = fc.record({ x: word, y: word, z: fc.record({ w: word }) }, { requiredKeys: [] })
  fc.assert(
    fc.property(selectors, values, (all, value) => {
      const models = all.map((selector: Selector, index) => ({ selector: { ...selector }, index }))
      const expected = models.filter(({ selector }) =>
        Object.entries(selector).every(([each, asked]) => {
          const found = at(value, each)
          if (Array.isArray(asked)) return asked.includes(found)
          return found === (typeof asked === 'string' ? asked : at(value, String(asked.valueOf)))
        })
      )
      assert.deepEqual(createSelect(models)(value), expected)
    }),
    { numRuns: 500 }
  )
})

t.test('a value that has no members is like one without the paths', async (t) => {
  const model = { selector: { 'a.b': 'c' } }
  const select = createSelect([model])
  for (const value of [undefined, null, 7, 'a', [], { a: 'b' }, { a: { b: ['c'] } }]) t.same(select(value), [])
  t.same(select({ a: { b: 'c' } }), [model])
})
