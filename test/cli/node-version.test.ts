import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import t from 'tap'
import ts from 'typescript'

const { engines } = JSON.parse(readFileSync('package.json', 'utf8'))
const needed = /^>=(\d+\.\d+)$/.exec(engines.node)?.[1] ?? ''
const refusal = new RegExp(
  `^Error: Ralph needs Node ${needed.replace('.', '\\.')} or later, but this is Node \\d+\\.[^\\n]*npm start[^\\n]*\\./ralph[^\\n]*\\n$`
)

/** Runs what `code` makes of this Node before Ralph looks at it. */
const asOtherNode = (version: string) =>
  spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--import',
      `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`,
      'src/main.ts',
      '--version'
    ],
    { encoding: 'utf8' }
  )

t.test('the Node that package.json asks for is taken, an older one is refused in one line', async (t) => {
  for (const version of [`${needed}.0`, '24.0.0', '100.1.0']) {
    t.match(asOtherNode(version), { status: 0, stdout: /^ralph, version \d/ }, version)
  }
  for (const version of ['22.17.1', '20.20.2', '18.0.0']) {
    t.match(asOtherNode(version), { status: 1, stdout: '', stderr: refusal }, version)
  }
})

/** A Node on the PATH that is older than Ralph needs. */
const olderNode = (process.env.PATH ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'node'))
  .find((node) => {
    const version = /^v(\d+)\./.exec(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1]
    return version !== undefined && Number(version) < 22
  })

const skip = olderNode === undefined && 'there is no Node older than 22 on the PATH'
t.test('a genuine older Node can read what is compiled as far as its refusal', { skip }, async (t) => {
  const directory = t.testdir()
  for (const file of globSync('src/**/*.ts')) {
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2024,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true
      }
    })
    const to = join(directory, file.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(to), { recursive: true })
    writeFileSync(to, outputText)
  }
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'))
  const main = join(directory, 'src', 'main.js')
  const { status, stdout, stderr } = spawnSync(olderNode ?? '', [main, 'runserver'], { encoding: 'utf8' })
  t.match({ status, stdout, stderr }, { status: 1, stdout: '', stderr: refusal })
})
