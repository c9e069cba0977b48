import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { compileCache } from '../support/ralph-process.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

/** A checkout as `npm ci` leaves it; what is built there is the code of this one, so that nothing needs to be built. */
const checkout = (t: Test, { isBuilt = true, at = '.', modules = 'node_modules' } = {}): string => {
  const directory = t.testdir()
  const root = join(directory, at)
  mkdirSync(join(root, 'dist', 'src'), { recursive: true })
  copyFileSync('ralph', join(root, 'ralph'))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  if (isBuilt) {
    const main = pathToFileURL(resolve('src/main.ts')).href
    writeFileSync(join(root, 'dist', 'src', 'main.js'), `await import(${JSON.stringify(main)})\n`)
  }
  mkdirSync(join(directory, modules), { recursive: true })
  symlinkSync(resolve('node_modules/node'), join(directory, modules, 'node'))
  return join(root, 'ralph')
}

/** Whatever Node there is outside of the project may be too old, so none is on this PATH. */
const toolsOnly = (t: Test): string => {
  const directory = mkdtempSync(join(tmpdir(), 'ralph-tools-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  for (const tool of ['dirname', 'readlink']) {
    symlinkSync(execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), join(directory, tool))
  }
  return directory
}

const run = (command: string, path: string) =>
  spawnSync(command, ['--version'], { cwd: '/', encoding: 'utf8', env: { PATH: path, ...compileCache } })

t.test('./ralph runs on the Node that the project brings, from anywhere and through links', async (t) => {
  const path = toolsOnly(t)
  t.match(run(checkout(t), path), { status: 0, stdout: `ralph, version ${version}\n`, stderr: '' })
  await t.test('a link to a link, as npm install --global makes of a checkout', async (t) => {
    const command = checkout(t)
    const bin = join(command, '..', 'bin')
    mkdirSync(bin)
    symlinkSync(command, join(bin, 'first'))
    symlinkSync('first', join(bin, 'ralph'))
    t.match(run(join(bin, 'ralph'), path), { status: 0, stdout: `ralph, version ${version}\n` })
  })
  await t.test('beside its dependencies, as npm install puts a package', async (t) => {
    const command = checkout(t, { at: 'node_modules/ralph-lrs' })
    t.match(run(command, path), { status: 0, stdout: `ralph, version ${version}\n` })
  })
})

t.test('./ralph that cannot start says what to do', async (t) => {
  const unbuilt = run(checkout(t, { isBuilt: false }), process.env.PATH ?? '')
  t.match(unbuilt, { status: 1, stdout: '', stderr: /^Error: Ralph is not built yet\..*npm ci\)\n$/ })
  await t.test('no Node anywhere', async (t) => {
    const path = toolsOnly(t)
    const command = checkout(t, { modules: 'elsewhere' })
    t.match(run(command, path), { status: 1, stdout: '', stderr: /^Error: Ralph needs Node 22\.18.*\n$/ })
  })
})

t.test('a signal to ./ralph stops the server: no process stands between', async (t) => {
  const command = checkout(t)
  const app = join(command, '..', 'app')
  const child = spawn(command, ['runserver', '--host', '127.0.0.1', '--port', '0'], {
    env: {
      PATH: process.env.PATH ?? '',
      RALPH_APP_DIR: app,
      RALPH_AUTH_FILE: resolve('.ralph/auth.json'),
      ...compileCache
    },
    stdio: ['ignore', 'ignore', 'pipe']
  })
  t.teardown(() => child.kill('SIGKILL'))
  let log = ''
  const listening = new Promise<void>((done, fail) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('Ralph listens on')) done()
    })
    child.once('close', () => fail(new Error(log)))
  })
  await listening
  child.kill('SIGTERM')
  t.same(await once(child, 'close'), [0, null])
  t.match(log, 'Ralph has stopped')
})

t.test('what npm packs has the command, and it can be run', async (t) => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' })
  const [{ files }] = JSON.parse(packed)
  const command = files.find(({ path }: { path: string }) => path === 'ralph')
  t.match(command, { mode: 0o755 })
})
