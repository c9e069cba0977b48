import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { shell } from '../support/ralph-in-shell.ts'
import { ralph } from '../support/ralph-process.ts'

const ours = new URL('../../src/backends/package-interface.ts', import.meta.url).href

/** A package as a third party would write it: a shelf of records, each kept in a file of its working directory. */
const shelf = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { defineData, kinds, parameter, RalphError } from 'ralph-lrs/backend'

export const backend = defineData({
  name: 'shelf',
  aliases: ['async_shelf'],
  summary: 'records on a shelf',
  capabilities: {
    moves: 'records', list: true, read: true, write: ['create'], delete: false, history: false,
    query: 'the text that records must have in them', target: 'a board'
  },
  parameters: {
    height: parameter('HEIGHT', { kind: kinds.integer(1, 9), default: 1, description: 'Which board.' }),
    key: parameter('KEY', { kind: kinds.text, default: undefined, description: 'Opens the shelf.', secret: true })
  },
  open: async ({ height, key }, { clock }) => {
    if (key !== 'open') throw new RalphError('UNAUTHENTICATED', 'the shelf is locked: give it its key')
    const file = target => 'board-' + (target ?? height)
    return {
      moves: 'records',
      status: async () => ({ state: 'ok' }),
      list: async function* () { yield { id: file(), details: { height, seen: clock() > 0 } } },
      read: async function* (query = '', { target }) {
        if (!existsSync(file(target))) throw new RalphError('NOT_FOUND', file(target) + ' is empty')
        yield { lines: readFileSync(file(target), 'utf8').trim().split('\\n').filter(line => line.includes(query)) }
      },
      write: async (batch, { target }) => {
        const rejected = batch.filter(({ value }) => value.id === undefined).map(record => ({ record, reason: 'has no id' }))
        for (const { text, value } of batch) if (value.id !== undefined) appendFileSync(file(target), text + '\\n')
        return { written: batch.length - rejected.length, already: 0, rejected }
      },
      close: async () => {}
    }
  }
})
`

/** Where somebody has installed Ralph and such a package. */
const installed = (t: Test, name: string, code: string, manifest: object = { main: 'index.js' }): string =>
  t.testdir({
    'package.json': '{}',
    node_modules: {
      'ralph-lrs': {
        'package.json': JSON.stringify({ name: 'ralph-lrs', type: 'module', exports: { './backend': './backend.js' } }),
        'backend.js': `export * from ${JSON.stringify(ours)}`
      },
      [`ralph-backend-${name}`]: {
        'package.json': JSON.stringify({ name: `ralph-backend-${name}`, type: 'module', ...manifest }),
        'index.js': code
      }
    }
  })

t.test('a package ralph-backend-NAME is a backend like any other, with flags and variables', async (t) => {
  const cwd = installed(t, 'shelf', shelf)
  const env = { RALPH_BACKENDS__DATA__SHELF__KEY: 'open', RALPH_APP_DIR: cwd }
  const input = '{"id":"1","n":1.0}\n{"n":2}\n{"id":"3"}\n'
  const report = `${cwd}/rejects.jsonl`
  const write = await ralph(t, ['write', '-b', 'shelf', '--shelf-height', '7', '--report', report], { cwd, env, input })
  t.match(write, {
    code: 0,
    stderr: /ERROR {4}line 2 has no id\n.*write shelf: 2 written, 0 existed already, 1 rejected in [^\n]*\n$/s
  })
  t.equal(readFileSync(report, 'utf8'), '{"line":2,"reason":"has no id","record":{"n":2}}\n')
  const read = ['read', '--backend=shelf', '--no-progress']
  t.match(await ralph(t, [...read, '--shelf-height', '7'], { cwd, env }), {
    code: 0,
    stdout: '{"id":"1","n":1.0}\n{"id":"3"}\n'
  })
  t.match(await ralph(t, [...read, '-t', '7', '"3"'], { cwd, env }), { code: 0, stdout: '{"id":"3"}\n' })
  t.match(await ralph(t, read, { cwd, env }), { code: 1, stderr: /^Error: board-1 is empty\n$/ })
  const seven = { ...env, RALPH_BACKENDS__DATA__SHELF__HEIGHT: '7' }
  t.match(await ralph(t, ['list', '-b', 'shelf', '-D'], { cwd, env: seven }), {
    code: 0,
    stdout: '{"height":7,"seen":true}\n'
  })
  t.match(await ralph(t, ['status', '-b', 'shelf'], { cwd, env }), { code: 0, stdout: 'ok\n' })
  t.match(await ralph(t, ['status', '-b', 'shelf', '--shelf-key', 'x'], { cwd }), {
    code: 1,
    stderr: 'Error: the shelf is locked: give it its key\n'
  })
  t.match((await ralph(t, ['doctor'], { cwd, env })).stdout, /^ok {7}data backend shelf$/m)
  t.match(await ralph(t, ['read', '-b', 'shelf', '--shelf-height', '10'], { cwd, env }), {
    code: 2,
    stderr: /--shelf-height is "10", expected a whole number from 1 to 9/
  })
  t.match(
    (await ralph(t, ['read', '-b', 'shelf', '--help'], { cwd })).stdout,
    /\nBackend shelf:\n {2}--shelf-height <number> +Which board\./
  )
})

/** A broker: it says which messages it hands out, and which were acknowledged, in the order in which that happens. */
const broker = `
import { appendFileSync, readFileSync } from 'node:fs'
import { defineData } from 'ralph-lrs/backend'

export const backend = defineData({
  name: 'broker',
  summary: 'messages',
  capabilities: {
    moves: 'records', list: false, read: true, write: [], delete: false, history: false, query: 'none', target: 'none'
  },
  parameters: {},
  open: async () => ({
    moves: 'records',
    status: async () => ({ state: 'ok' }),
    read: async function* (query) {
      for (const number of [1, 2, 3]) {
        const text = JSON.stringify({ number, padding: 'x'.repeat(Number(query ?? 0)) })
        yield {
          lines: [text],
          done: async () => appendFileSync('acknowledged', number + ' ' + (readFileSync('out', 'utf8').includes(text) ? 'is out' : 'is not out') + '\\n')
        }
      }
    },
    close: async () => {}
  })
})
`

t.test('what was read is acknowledged when it was written out, and not before', async (t) => {
  const cwd = installed(t, 'broker', broker)
  const read = (query: string, rest: string): Promise<unknown> =>
    shell(t, `ralph read -b broker ${query} --no-progress ${rest}`, { cwd, env: { RALPH_APP_DIR: cwd } })
  await read('0', '> out')
  t.equal(readFileSync(`${cwd}/acknowledged`, 'utf8'), '1 is out\n2 is out\n3 is out\n')
  // A pipe holds less than a message, and nobody reads the rest of it.
  writeFileSync(`${cwd}/acknowledged`, '')
  await read('200000', '| head -c 10 > out')
  t.equal(readFileSync(`${cwd}/acknowledged`, 'utf8'), '')
})

t.test('the first record that is rejected ends it, unless --ignore-errors is given', async (t) => {
  const cwd = installed(t, 'shelf', shelf)
  const env = { RALPH_BACKENDS__DATA__SHELF__KEY: 'open', RALPH_APP_DIR: cwd }
  const input = '{"id":"1"}\n{"n":2}\n{"id":"3"}\nno JSON\n'
  const words = ['write', '-b', 'shelf', '-s', '1']
  t.match(await ralph(t, words, { cwd, env, input: '{"id":"1"}\n{"n":2}\n{"id":"3"}\n' }), {
    code: 1,
    stderr: /1 written, .*1 rejected, then it failed\nError: line 2 has no id\n$/
  })
  t.match(await ralph(t, [...words, '-I'], { cwd, env, input }), {
    code: 0,
    stderr:
      /ERROR {4}line 2 has no id\n.*ERROR {4}line 4 is no JSON.*\n.*2 written, 0 existed already, 2 rejected in [^\n]*\n$/s
  })
})

t.test('a package that is no backend is refused in one line that names it', async (t) => {
  for (const [code, manifest, says] of [
    ['export const backend = {}', undefined, 'exports no "backend" that was made by defineData of ralph-lrs/backend'],
    ['throw new Error("broken\\nby itself")', undefined, 'cannot be loaded: broken'],
    ['import "not-installed"', undefined, "cannot be loaded: Cannot find package 'not-installed'"],
    [shelf, undefined, 'brings a backend of another name, shelf'],
    ['', { exports: { import: './index.js' } }, 'does not say where it begins']
  ] as const) {
    const cwd = installed(t, 'strange', code, manifest)
    const { code: exit, stderr } = await ralph(t, ['read', '-b', 'strange'], { cwd })
    t.equal(exit, 2)
    t.ok(stderr.startsWith(`Error: The package ralph-backend-strange ${says}`), stderr)
    t.equal(stderr.split('\n').length, 2)
  }
})

t.test('a name that leads out of node_modules, or is none, is looked up nowhere', async (t) => {
  const cwd = installed(t, 'shelf', 'process.stdout.write("loaded")')
  for (const name of ['../ralph-backend-shelf', 'shelf/index.js', 'SHELF', 'nothing', '']) {
    t.match(
      await ralph(t, ['read', '-b', name], { cwd }),
      { code: 2, stdout: '', stderr: /Error: There is no backend/ },
      name
    )
  }
})

t.test('what packages import as ralph-lrs/backend is in the package', async (t) => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
  const source = String(exports['./backend'].default)
    .replace(/^\.\/dist\//, '')
    .replace(/\.js$/, '.ts')
  t.equal(pathToFileURL(source).href, ours)
  t.ok(existsSync(source))
})
