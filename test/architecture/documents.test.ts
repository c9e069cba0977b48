import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { namesOf } from '../../src/settings/aliases.ts'
import { pages, printed, printedPages, readPage } from '../documents/pages.ts'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const ralph = async (...words: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, ['src/main.ts', ...words])).stdout

const withoutCode = (text: string): string => text.replaceAll(/```.*?```/gs, '')

/** What a heading is called in a link, as GitHub has it. */
const slugOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set([...withoutCode(readPage(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => slugOf(heading)))

t.test('every link within the repository leads to a file, and to a heading that is there', async (t) => {
  let seen = 0
  for (const page of pages) {
    const links = [...withoutCode(readPage(page)).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = '']) => link)
    seen += links.length
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      return !existsSync(file) || (anchor !== undefined && !anchorsOf(file).has(anchor))
    })
    t.same(broken, [], page)
  }
  t.ok(seen > 50, `${seen} links`)
})

t.test('every page of docs is in its index, and what the code says of documents is there', async (t) => {
  const index = readPage('docs/README.md')
  const listed = (page: string): boolean => index.includes(`](${page.replace('docs/', '')})`)
  t.same(
    pages.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md' && !listed(page)),
    []
  )
  for (const file of globSync('src/**/*.ts')) {
    for (const [page] of readFileSync(file, 'utf8').matchAll(/\bdocs\/[a-z-]+\.md/g)) t.ok(existsSync(page), page)
  }
})

t.test('every variable that documents name is a setting', async (t) => {
  const settings: readonly { readonly variable: string; readonly aliases: readonly string[] }[] = JSON.parse(
    await ralph('settings', '--format', 'json')
  )
  const known = new Set(settings.flatMap(({ variable, aliases }) => [variable, ...aliases, ...namesOf(variable)]))
  for (const page of pages) {
    const named = readPage(page).match(/\bRALPH_[A-Z0-9_]*[A-Z0-9](?![A-Z0-9_…]|\*)/g) ?? []
    const others = named.filter((name) => !known.has(name) && !/^RALPH_(?:TEST|BENCH)_/.test(name))
    t.same(
      others.filter((name) => !/__SHELF__/.test(name)),
      [],
      page
    )
  }
})

t.test('the commands of npm and of Ralph that documents name are there', async (t) => {
  const help = await ralph('--help')
  let seen = 0
  for (const page of pages) {
    const text = readPage(page)
    const scripts = [...text.matchAll(/\bnpm (?:run ([a-z:]+)|(start|test)\b)/g)].map(
      ([, one, other]) => one ?? other ?? ''
    )
    t.same(
      scripts.filter((script) => manifest.scripts[script] === undefined),
      [],
      page
    )
    const commands = [...text.matchAll(/`(?:\.\/)?ralph ([a-z][a-z-]+)/g)].map(([, command]) => command ?? '')
    seen += commands.length
    t.same(
      commands.filter((command) => !new RegExp(`^ {2}(?:[a-z]+\\|)?${command}\\b`, 'm').test(help)),
      [],
      page
    )
  }
  t.ok(seen > 20, `${seen} commands`)
})

t.test('README is short, and has the two commands of a newcomer, each on one line', async (t) => {
  const readme = readPage('README.md')
  for (const command of ['npm ci && npm start', 'npm ci && npm test']) t.match(readme, `\n${command}\n`)
  t.ok(readme.split('\n').length <= 150)
})

t.test('nobody is sent to the package of the npm registry that happens to be named ralph', async (t) => {
  const sent = /npx (?:-\S+ )*ralph\b|npm (?:install|i|exec) (?:-\S+ )*ralph\b(?!-lrs)/
  for (const file of [...pages, ...globSync('{src,.github}/**/*.{ts,md,yml}')]) {
    const text = readFileSync(file, 'utf8').replace('Do not use `npx ralph`', '')
    t.notMatch(text, sent, file)
  }
})

t.test('what documents have from the code is what the code says now: `npm run docs` writes it', async (t) => {
  let parts = 0
  for (const page of printedPages) {
    const text = readPage(page)
    parts += text.split('<!-- begin: ').length - 1
    t.equal(text, await printed(text), page)
  }
  t.ok(parts >= 5, 'settings, errors, backends, conversions, rooms')
})
