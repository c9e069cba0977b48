import { readdirSync } from 'node:fs'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import t from 'tap'
import { roomNames, rules } from './rooms.ts'

const { output } = await cruise(['src', 'test'], {
  ruleSet: { forbidden: [...rules] },
  validate: true,
  doNotFollow: { path: 'node_modules' },
  tsPreCompilationDeps: true,
  enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] }
})
if (typeof output === 'string') throw new Error('dependency-cruiser gave a text instead of its findings')
const { modules, summary }: ICruiseResult = output

t.test('the imports of all rooms were looked at', async (t) => {
  const seen = modules.filter(({ source }) => source.startsWith('src/'))
  t.ok(seen.length > 20, { seen: seen.length })
  t.ok(seen.some(({ dependencies }) => dependencies.some(({ resolved }) => resolved === 'src/xapi/statement.ts')))
})

t.test('every folder and file of src is a known room', async (t) => {
  const known = [...roomNames, 'main.ts', 'tsconfig.json']
  t.same(
    readdirSync('src').filter((name) => !known.includes(name)),
    []
  )
})

for (const { name = '', comment = '' } of rules) {
  t.test(name, async (t) => {
    const broken = summary.violations
      .filter(({ rule }) => rule.name === name)
      .map(({ from, to, cycle }) => (cycle ? cycle.map((step) => step.name).join(' → ') : `${from} → ${to}`))
    t.same(broken, [], comment)
  })
}
