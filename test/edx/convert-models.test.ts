import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { findConversion } from '../../src/edx/convert/conversions.ts'
import { createEdxToXapi } from '../../src/edx/convert/index.ts'
import { validateStatement } from '../../src/validation/statement.ts'

interface Model {
  readonly 'x-selector'?: { readonly event_source: string; readonly event_type: string }
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
    const { event_source: source, event_type: type } = selector
    // The type of a request is its path.
    if (typeof type === 'string') t.ok(findConversion(source, type, undefined), `${source} ${type}`)
    for (const example of given) {
      const text = JSON.stringify(example)
      const result = convertLine(text, Buffer.from(`${text}\n`))
      if ('statement' in result) t.same(validateStatement(result.statement, '1.0.3'), [], text)
      else t.fail(`${source} ${type}: ${'reason' in result ? result.reason : result.unknown}`)
      examples += 1
    }
  }
  t.ok(examples >= 105, { examples })
})
