import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { compileCache } from '../support/ralph-process.ts'
import { pages, readPage } from './pages.ts'

interface Block {
  readonly commands: string
  /** Why it is not run here; undefined: it is. */
  readonly reason: string | undefined
  /** The code of the error that the answer must be. */
  readonly refused: string | undefined
}

/** The blocks of commands of a page, in their order. A comment before a block says if it is not run, or is refused. */
const blocksOf = (page: string): readonly Block[] =>
  [...readPage(page).matchAll(/(?:<!-- (not run|refused): ([^\n]*) -->\n\n)?^( *)```sh\n(.*?)^ *```$/gms)].map(
    ([, kind, text, indent = '', commands = '']) => ({
      commands: commands.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      reason: kind === 'not run' ? text : undefined,
      refused: kind === 'refused' ? text : undefined
    })
  )

/** A page whose commands change the code works on a copy of it. */
const changesCode = (page: string): boolean => readPage(page).includes('<!-- works on a copy of the code -->')

/** A checkout as `npm ci` leaves it; what is built there is the code of this one. */
const makeCheckout = (parent: string, page: string): string => {
  const root = join(parent, basename(page, '.md'))
  for (const directory of ['dist/src/backends', 'home']) mkdirSync(join(root, directory), { recursive: true })
  for (const file of ['ralph', 'package.json']) copyFileSync(file, join(root, file))
  for (const module of ['main', 'backends/package-interface']) {
    const source = JSON.stringify(pathToFileURL(resolve(`src/${module}.ts`)).href)
    writeFileSync(join(root, 'dist', 'src', `${module}.js`), `export * from ${source}\n`)
  }
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'))
  if (changesCode(page)) {
    for (const directory of ['src', 'schemas', 'pages', 'test']) {
      cpSync(directory, join(root, directory), { recursive: true })
    }
  }
  return root
}

/** Runs commands as a person would paste them, in a shell that stops at the first that fails. */
const start = (t: Test, root: string, commands: string, env: Readonly<Record<string, string>> = {}) => {
  // An HTTP error is a failure of the command, too.
  const script = `set -euo pipefail; curl() { command curl --silent --show-error --fail-with-body "$@"; }\n${commands}`
  const child = spawn('bash', ['-c', script], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: join(root, 'home'), ...compileCache, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true
  })
  const stop = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGTERM')
    }
  }
  t.teardown(stop)
  // Whoever asks for a password asks for it twice.
  child.stdin.on('error', () => {})
  child.stdin.end('a long password\na long password\n')
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  return { child, said, stop, closed: once(child, 'close') }
}

const listening = async ({ child, said }: ReturnType<typeof start>): Promise<string> =>
  new Promise((done, fail) => {
    child.stderr.on('data', () => {
      const [, address] = /Ralph listens on http:\/\/([^/]+)\/xAPI/.exec(said.err) ?? []
      if (address !== undefined) done(address)
    })
    child.once('close', () => fail(new Error(said.err)))
  })

/** What a newcomer needs besides Node; where everything has to be there its absence is a failure. */
const missing = ['bash', 'curl', 'jq'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined)
const skip = missing.length > 0 && process.env.CI !== 'true' && `${missing.join(' and ')} not installed`

t.test('every command in the documents does what it says, as printed', { skip }, async (t) => {
  const parent = t.testdir({ '.ralph': {} })
  copyFileSync('.ralph/auth.json', join(parent, '.ralph', 'auth.json'))
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  t.match(blocksOf('README.md')[0], { commands: 'npm ci && npm start\n', reason: undefined }, 'the first starts it')

  // One server for all pages, whose directory each of them has as its own.
  const first = makeCheckout(parent, 'README.md')
  symlinkSync(join(parent, '.ralph'), join(first, '.ralph'))
  const server = start(t, first, `exec ${scripts.start} --port 0`)
  const address = await listening(server)

  const run = async (t: Test, root: string, { commands, refused }: Block): Promise<void> => {
    const [title = ''] = commands.split('\n', 1)
    const here = commands.replaceAll('localhost:8100', address)
    const serves = /^\.\/ralph runserver$/m.test(commands)
    const running = start(t, root, here, serves ? { RALPH_RUNSERVER_HOST: '127.0.0.1', RALPH_RUNSERVER_PORT: '0' } : {})
    if (serves) {
      t.match(await listening(running), /^[\w.]+:\d+$/, title)
      running.stop()
      await running.closed
      return
    }
    const [code] = await running.closed
    const { out, err } = running.said
    t.equal(code, refused === undefined ? 0 : 22, `${title}\n${out.slice(0, 500)}${err}`)
    if (refused !== undefined) t.match(out, `"error":"${refused}"`)
  }

  await t.test('README.md', async (t) => {
    for (const block of blocksOf('README.md').slice(1)) if (block.reason === undefined) await run(t, first, block)
  })
  for (const page of pages.slice(1)) {
    const blocks = blocksOf(page).filter(({ reason }) => reason === undefined)
    if (blocks.length === 0) continue
    await t.test(page, async (t) => {
      const root = makeCheckout(parent, page)
      symlinkSync(join(parent, '.ralph'), join(root, '.ralph'))
      for (const block of blocks) await run(t, root, block)
    })
  }
  server.stop()
  await server.closed
})

t.test('what cannot be run here is asked for with flags that there are', { skip }, async (t) => {
  const root = makeCheckout(t.testdir({}), 'README.md')
  const blocks = pages.flatMap(blocksOf)
  const skipped = blocks.filter(({ reason }) => reason !== undefined)
  t.ok(blocks.length - skipped.length > 20, `${blocks.length - skipped.length} run, ${skipped.length} do not`)
  const helps = new Map<string, string>()
  const helpOf = async (command: string): Promise<string> => {
    const known = helps.get(command)
    if (known !== undefined) return known
    const { said, closed } = start(t, root, `./ralph ${command} --help`)
    await closed
    helps.set(command, said.out)
    return said.out
  }
  for (const { commands } of skipped) {
    for (const [, command = '', rest = ''] of commands.matchAll(/(?:\/| {2})ralph ([a-z-]+)((?:[^|\n\\]|\\\n)*)/g)) {
      // Behind `--` stands another program.
      const [words = ''] = rest.split(' -- ')
      // A subcommand may have subcommands of its own: `auth keys create`.
      let at = command
      let help = await helpOf(at)
      for (const [, word = ''] of words.matchAll(/ ([a-z-]+)/gy)) {
        if (!new RegExp(`^  ${word}\\b`, 'm').test(help)) break
        at = `${at} ${word}`
        help = `${help}\n${await helpOf(at)}`
      }
      for (const [flag] of words.matchAll(/(?<=\s)--?[a-z][a-z0-9-]*/g)) {
        t.match(help, new RegExp(`(?:^|[ ,])${flag}\\b`, 'm'), `${command} ${flag}`)
      }
    }
  }
})
