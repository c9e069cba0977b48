import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'

const readme = readFileSync('README.md', 'utf8')
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const ralph = async (...words: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, ['src/main.ts', ...words])).stdout

t.test('the settings in README are those that `ralph settings` prints', async (t) => {
  const [, settings] = /<!-- begin: ralph settings .*? -->\n(.*?)\n<!-- end -->/s.exec(readme) ?? []
  t.equal(settings?.trim(), (await ralph('settings', '--format', 'markdown')).trim())
})

t.test('the table of conversions is what `ralph convert --list` prints', async (t) => {
  const table = readFileSync('schemas/edx/conversions.md', 'utf8')
  t.ok(table.endsWith(await ralph('convert', '--list', '--format', 'markdown')))
})

t.test('what README links to in this repository is there', async (t) => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => link ?? '')
  t.ok(links.length > 0)
  t.same(
    links.filter((link) => !existsSync(link)),
    []
  )
})

t.test('the commands of npm and of Ralph that README names are there', async (t) => {
  const scripts = [...readme.matchAll(/^(?:npm ci && )?npm (?:run )?(start|test|[a-z]+)$/gm)].map(
    ([, script]) => script ?? ''
  )
  t.same(
    scripts.filter((script) => script !== 'ci' && manifest.scripts[script] === undefined),
    []
  )
  const help = await ralph('--help')
  const commands = [...readme.matchAll(/`ralph ([a-z]+)/g)].map(([, command]) => command ?? '')
  t.ok(commands.length > 3)
  t.same(
    commands.filter((command) => !new RegExp(`^ {2}${command}\\b`, 'm').test(help)),
    []
  )
})

t.test('README has the two commands of a newcomer, each on one line', async (t) => {
  for (const command of ['npm ci && npm start', 'npm ci && npm test']) t.match(readme, `\n${command}\n`)
})

t.test('nobody is sent to the package of the npm registry that happens to be named ralph', async (t) => {
  const sent = /npx (?:-\S+ )*ralph\b|npm (?:install|i|exec) (?:-\S+ )*ralph\b(?!-lrs)/
  for (const file of ['README.md', ...globSync('{src,.github,docs}/**/*.{ts,md,yml}')]) {
    const text = readFileSync(file, 'utf8').replace('Do not use `npx ralph`', '')
    t.notMatch(text, sent, file)
  }
})
