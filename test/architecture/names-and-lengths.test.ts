import t from 'tap'
import ts from 'typescript'
import { longFunctions, ofEachEngine, twoMeanings } from './names-and-lengths.ts'
import { lineOf, type Source, sources } from './sources.ts'

const isExportedType = (
  node: ts.Node
): node is ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.ClassDeclaration =>
  (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node)) &&
  (node.modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)

/** The files that export a type of each name. */
const filesOf = new Map<string, readonly string[]>()
for (const { file, syntax } of sources) {
  for (const name of syntax.statements.filter(isExportedType).map((type) => type.name?.text ?? 'default')) {
    filesOf.set(name, [...(filesOf.get(name) ?? []), file])
  }
}

const engineOf = (file: string): string | undefined => /^src\/backends\/([^/]+)\//.exec(file)?.[1]

/** The name of a function, or of what it is given to. */
const nameOf = (node: ts.SignatureDeclaration): string => {
  if (node.name !== undefined) return node.name.getText()
  for (let at: ts.Node = node.parent; !ts.isSourceFile(at); at = at.parent) {
    if (ts.isVariableDeclaration(at) || ts.isPropertyAssignment(at)) return at.name.getText()
  }
  return '(no name)'
}

interface LongFunction {
  readonly place: string
  readonly lines: number
}

const longOnesIn = (source: Source): readonly LongFunction[] => {
  const found: LongFunction[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const lines = lineOf(source, node.end) - lineOf(source, node.getStart()) + 1
      if (lines > 100) found.push({ place: `${source.file} ${nameOf(node)}`, lines })
    }
    ts.forEachChild(node, visit)
  }
  visit(source.syntax)
  return found
}

const longOnes = sources.flatMap(longOnesIn)

t.test('the types and functions of src were seen', async (t) => {
  t.ok(filesOf.size > 300, `${filesOf.size} exported types`)
  t.same(filesOf.get('Statement'), ['src/xapi/statement.ts'])
  t.same(filesOf.get('RalphError'), ['src/errors.ts'])
})

t.test('a type that is exported under one name from two files is the same thing in each engine', async (t) => {
  const several = [...filesOf].filter(([, files]) => files.length > 1)
  const others = several.filter(([name]) => ofEachEngine[name] === undefined)
  t.same(
    Object.fromEntries(others.sort()),
    twoMeanings,
    'a new one gets a name of its own; one that is gone leaves the list'
  )
})

for (const [name, sentence] of Object.entries(ofEachEngine)) {
  t.test(`${name}: ${sentence}`, async (t) => {
    const engines = (filesOf.get(name) ?? []).map(engineOf)
    t.ok(engines.length > 1, 'at least two engines have it')
    t.notOk(engines.includes(undefined), 'no other room has it')
    t.equal(new Set(engines).size, engines.length, 'each has it once')
  })
}

t.test('a function is read in one go: at most 100 lines, or as many as its list says', async (t) => {
  t.same(
    longOnes.map(({ place }) => place).sort(),
    Object.keys(longFunctions).sort(),
    'the functions that are listed, and no other'
  )
  t.same(
    longOnes.filter(({ place, lines }) => lines > (longFunctions[place] ?? 100)),
    [],
    'none has grown'
  )
})
