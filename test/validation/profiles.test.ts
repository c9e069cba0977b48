import { readdirSync } from 'node:fs'
import t from 'tap'
import { readModels } from '../../src/validation/models.ts'
import { createProfileValidator } from '../../src/validation/profile.ts'
import { profiles } from '../../src/validation/profile-names.ts'
import { createEmptyAjv, findSchemas } from '../../src/validation/registry.ts'
import { validateStatement } from '../../src/validation/statement.ts'
import { changed, complete, minimal } from './examples.ts'
import { invalidStatements } from './invalid-statements.ts'

const { models, shared } = readModels('profiles')
const judges = new Map(profiles.map((profile) => [profile, createProfileValidator(profile)]))

const judgeOf = (name: string) => {
  const [, judge] = [...judges].find(([profile]) => name.startsWith(`${profile}/`)) ?? []
  if (judge === undefined) throw new Error(`${name} is of no profile`)
  return judge
}

const parentOf = (pointer: string): string => pointer.slice(0, pointer.lastIndexOf('/'))

t.test('there are the 38 templates of Ralph, each with a statement that does not match', async (t) => {
  t.equal(models.length, 38)
  t.same(Object.keys(invalidStatements).sort(), models.map(({ name }) => name).sort())
  t.same([...new Set(models.map(({ name }) => name.split('/')[0]))].sort(), [...profiles], 'a profile is a folder')
})

t.test('every template is a schema of draft 2020-12, with a title, and its $id says where it is', async (t) => {
  const ajv = createEmptyAjv({ meta: true, validateSchema: true })
  const schemas = [...shared, ...models.map(({ schema }) => schema)]
  for (const schema of schemas) {
    t.ok(ajv.validateSchema(schema), String(schema.$id))
    t.type(schema.title, 'string', String(schema.$id))
  }
  const folder = findSchemas(import.meta.url.replace('/test/', '/src/'), 'profiles')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'))
  t.same(
    schemas.map(({ $id }) => String($id)).sort(),
    files.map((file) => `https://ralph-lrs.example/schemas/profiles/${file.replaceAll('\\', '/')}`).sort()
  )
})

for (const model of models) {
  t.test(`${model.name}: its examples are valid statements that match, and changed ones do not`, async (t) => {
    const judge = judgeOf(model.name)
    const examples: readonly Record<string, unknown>[] = model.schema.examples
    t.ok(examples.length > 0)
    for (const example of examples) {
      t.same(validateStatement(example, '1.0.3'), [])
      t.same(judge(example), { known: true, model: model.name, problems: [] })
    }
    const [example = {}] = examples
    for (const [pointer, value, rule] of invalidStatements[model.name] ?? []) {
      const at = value === undefined ? parentOf(pointer) : pointer
      const problems = model.problemsIn(changed(example, [pointer, value as null]))
      t.match(problems, [{ pointer: at, rule }], `${pointer} breaks ${rule}`)
    }
  })
}

t.test('a statement of another verb or activity type is of no template', async (t) => {
  for (const judge of judges.values()) for (const each of [minimal, complete]) t.same(judge(each), { known: false })
})

t.test('the profile may stand alone as category, as 1.0 allows, or beside others', async (t) => {
  const name = 'lms/accessed-page'
  const [example] = models.find((model) => model.name === name)?.schema.examples ?? []
  const own = { id: 'https://w3id.org/xapi/lms' }
  for (const category of [own, [{ id: 'https://profile.example.org' }, own]]) {
    const statement = changed(example, ['/context/contextActivities/category', category])
    t.same(judgeOf(name)(statement), { known: true, model: name, problems: [] })
  }
})

t.test('of three templates for one verb, what is said is by the one that fits best', async (t) => {
  const [example] = models.find(({ name }) => name === 'video/volume-change')?.schema.examples ?? []
  const volume = '/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1volume'
  t.match(judgeOf('video/')(changed(example, [volume, 'loud'])), {
    model: 'video/volume-change',
    problems: [{ pointer: volume, rule: 'type' }]
  })
  t.match(judgeOf('video/')(changed(example, [volume, 0.25])), { problems: [] }, 'a volume may have a fraction')
})
