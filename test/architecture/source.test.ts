import t from 'tap'
import ts from 'typescript'
import { lineOf, sources } from './sources.ts'

interface Place {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** Everywhere in src that a piece of syntax is as asked; comments do not count. */
const places = (asked: (node: ts.Node) => boolean): readonly Place[] =>
  sources.flatMap((source) => {
    const found: Place[] = []
    const visit = (node: ts.Node): void => {
      if (asked(node)) {
        const line = lineOf(source, node.getStart())
        found.push({ file: source.file, line, text: node.getText().slice(0, 80) })
      }
      ts.forEachChild(node, visit)
    }
    visit(source.syntax)
    return found
  })

const isMember = (object: string, name: string) => (node: ts.Node) =>
  ts.isPropertyAccessExpression(node) && node.expression.getText() === object && node.name.text === name

const isNew = (name: string, withoutArguments: boolean) => (node: ts.Node) =>
  ts.isNewExpression(node) &&
  node.expression.getText() === name &&
  (!withoutArguments || (node.arguments?.length ?? 0) === 0)

const outside = (found: readonly Place[], ...allowed: readonly string[]): readonly Place[] =>
  found.filter(({ file }) => !allowed.includes(file))

t.test(
  'the environment is read in settings/sources.ts only: a setting that is read elsewhere is in no reference',
  async (t) => {
    const found = places(isMember('process', 'env'))
    t.ok(found.length > 0, 'the place that reads it was seen')
    // A server tells its workers by the environment that they are workers. That is not a setting.
    t.same(outside(found, 'src/settings/sources.ts', 'src/parts/workers.ts'), [])
  }
)

t.test('the time comes from the clock that main.ts hands down; only a line of the log takes its own', async (t) => {
  const now = isMember('Date', 'now')
  const today = isNew('Date', true)
  t.same(
    outside(
      places((node) => now(node) || today(node)),
      'src/main.ts',
      'src/telemetry/lines.ts'
    ),
    []
  )
})

t.test('nothing is left to chance that cannot be repeated or guarded: Math.random is not used', async (t) => {
  t.same(places(isMember('Math', 'random')), [])
})

t.test('no code is made from texts at run time', async (t) => {
  const functions = isNew('Function', false)
  const evaluates = (node: ts.Node) => ts.isCallExpression(node) && node.expression.getText() === 'eval'
  t.same(
    places((node) => functions(node) || evaluates(node)),
    []
  )
})

t.test('a file is read in one go: at most 300 lines', async (t) => {
  const long = sources
    .map(({ file, text }) => ({ file, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > 300)
  t.same(long, [])
})
