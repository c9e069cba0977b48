import { readdirSync } from 'node:fs'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import t from 'tap'
import { roomNames, rooms, rules } from './rooms.ts'

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

const roomOf = (file: string): string => /^src\/([^/]+)/.exec(file)?.[1] ?? ''

t.test('the table of rooms allows no import that the code does not have', async (t) => {
  const arrows = modules.flatMap(({ source, dependencies }) =>
    dependencies.map(({ resolved }) => `${roomOf(source)} → ${roomOf(resolved)}`)
  )
  const allowed = Object.entries(rooms).flatMap(([room, { may }]) => may.map((other) => `${room} → ${other}`))
  t.same(
    allowed.filter((arrow) => !arrows.includes(arrow)),
    []
  )
})

t.test('rooms stand on floors: no room may import one that leads back to it', async (t) => {
  /** The rooms above which a room can stand. Those that are left over import each other in a circle. */
  const placed = new Set<string>()
  const ready = () =>
    Object.entries(rooms).flatMap(([room, { may }]) =>
      !placed.has(room) && may.every((other) => placed.has(other)) ? [room] : []
    )
  for (let floor = ready(); floor.length > 0; floor = ready()) for (const room of floor) placed.add(room)
  t.same(
    Object.keys(rooms).filter((room) => !placed.has(room)),
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
