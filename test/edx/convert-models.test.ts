import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { conversions, findConversion } from '../../src/edx/convert/conversions.ts'
import { createEdxToXapi } from '../../src/edx/convert/index.ts'
import { createEventSelect } from '../../src/edx/select.ts'
import { validateStatement } from '../../src/validation/statement.ts'

interface Model {
  readonly 'x-selector'?: { readonly event_source: string | string[]; readonly event_type: string | string[] | object }
  readonly examples?: readonly object[]
}

const models: readonly Model[] = globSync('schemas/edx/**/*.schema.json').map((file) =>
  JSON.parse(readFileSync(file, 'utf8'))
)

const convertLine = createEdxToXapi({
  platformUrl: 'https://lms.example.org',
  namespace: 'ee241f8b-174f-5bdb-bae9-c09de5fe017f'
})

t.test('every event that there is a model for is converted, and its examples to valid statements', async (t) => {
  let examples = 0
  for (const { 'x-selector': selector, examples: given = [] } of models) {
    if (selector === undefined) continue
    const sources = [selector.event_source].flat()
    // The type of a request is its path.
    const types = [selector.event_type].flat().filter((type) => typeof type === 'string')
    for (const source of sources) {
      for (const type of types) t.ok(findConversion(source, type, undefined), `${source} ${type}`)
    }
    for (const example of given) {
      const text = JSON.stringify(example)
      const result = convertLine(text, Buffer.from(`${text}\n`))
      if ('statement' in result) t.same(validateStatement(result.statement, '1.0.3'), [], text)
      else t.fail(`${text}: ${'reason' in result ? result.reason : result.unknown}`)
      examples += 1
    }
  }
  t.ok(examples >= 105, { examples })
})

t.test('there is a model for every event that is converted', async (t) => {
  const select = createEventSelect()
  for (const { events, sources } of conversions) {
    for (const event_source of sources) {
      for (const event_type of events) {
        const event = { event_source, event_type, context: { path: '<context.path>' } }
        t.equal(select(event).length, 1, `${event_source} ${event_type}`)
      }
    }
  }
})
