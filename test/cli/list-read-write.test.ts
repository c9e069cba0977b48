import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { shell } from '../support/ralph-in-shell.ts'
import { type RalphOptions, ralph, startRalph } from '../support/ralph-process.ts'

/** A directory of files, and an application directory of its own. */
const aPlace = (t: Test, files: Readonly<Record<string, string>> = {}) => {
  const root = t.testdir({ files, app: {} })
  const directory = join(root, 'files')
  const env = { RALPH_APP_DIR: join(root, 'app'), RALPH_BACKENDS__DATA__FS__DEFAULT_DIRECTORY_PATH: directory }
  const options: RalphOptions = { env, cwd: root }
  const history = (): { action: string; id: string }[] => {
    const file = join(root, 'app', 'history.json')
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
  }
  return { root, directory, options, history, env }
}

t.test('what was written is listed and read, and the history knows of both', async (t) => {
  const { directory, options, history } = aPlace(t)
  const content = '{"id":1.0}\n\0no JSON at all'
  t.match(await ralph(t, ['write', '-b', 'fs', '-t', 'one'], { ...options, input: content }), {
    code: 0,
    stdout: '',
    stderr: /^[^\n]*INFO {5}write fs: 26 bytes in [^\n]* to [^\n]*one\n$/
  })
  const listed = await ralph(t, ['list', '-b', 'fs'], options)
  t.match(listed, { code: 0, stdout: `${join(directory, 'one')}\n`, stderr: '' })
  const details = await ralph(t, ['list', '--backend', 'fs', '--details'], options)
  t.match(JSON.parse(details.stdout), { path: join(directory, 'one'), size: 26 })
  const read = await ralph(t, ['read', '-b', 'fs', 'one'], options)
  t.match(read, { code: 0, stdout: content, stderr: /INFO {5}read fs: 26 bytes in / })
  t.match(history(), [
    { backend: 'fs', action: 'write', id: join(directory, 'one'), filename: 'one', size: 26 },
    { backend: 'fs', action: 'read', id: join(directory, 'one'), filename: 'one', size: 26 }
  ])
})

t.test('list --new names what was not read before', async (t) => {
  const { directory, options } = aPlace(t, { one: '1', two: '2' })
  await ralph(t, ['read', '-b', 'fs', 'one'], options)
  t.match(await ralph(t, ['list', '-b', 'fs', '--new'], options), { code: 0, stdout: `${join(directory, 'two')}\n` })
  await ralph(t, ['read', '-b', 'fs', 'two'], options)
  t.match(await ralph(t, ['list', '-b', 'fs', '-n'], options), {
    code: 0,
    stdout: '',
    stderr: /WARNING {2}fs has nothing that was not read before\n$/
  })
  t.equal((await ralph(t, ['list', '-b', 'fs', '--all'], options)).stdout.split('\n').length, 3)
})

t.test('fetch and push, the names of document 000, and flags of Ralph 3 mean the same', async (t) => {
  const { directory, options } = aPlace(t)
  const env = { RALPH_APP_DIR: options.env?.RALPH_APP_DIR ?? '' }
  const push = ['push', '--backend', 'fs', '--fs-path', directory, '-t', 'x']
  t.match(await ralph(t, push, { env, input: 'first' }), { code: 0 })
  t.match(await ralph(t, push, { env, input: 'second' }), { code: 1, stderr: /\nError: .*x is there already[^\n]*\n$/ })
  t.match(await ralph(t, [...push, '--force'], { env, input: 'second' }), { code: 0 })
  t.match(await ralph(t, ['fetch', '-b', 'fs', '--fs-path', directory, 'x'], { env }), { code: 0, stdout: 'second' })
})

t.test('every operation does what its name says', async (t) => {
  const { options } = aPlace(t)
  const write = (operation: readonly string[], input: string) =>
    ralph(t, ['write', '-b', 'fs', '-t', 'x', ...operation], { ...options, input })
  t.match(await write(['-o', 'create'], 'a'), { code: 0 })
  t.match(await write(['--operation-type', 'index'], 'b'), { code: 1 })
  t.match(await write(['--operation', 'APPEND'], 'c'), { code: 0 })
  t.equal((await ralph(t, ['read', '-b', 'fs', 'x'], options)).stdout, 'ac')
  t.match(await write(['-o', 'update'], 'd'), { code: 0 })
  t.equal((await ralph(t, ['read', '-b', 'fs', 'x'], options)).stdout, 'd')
  t.match(await write(['-o', 'delete'], 'e'), {
    code: 2,
    stderr: 'Error: fs cannot delete: its operations are create, index, update, append\n'
  })
  t.match(await write(['-o', 'erase'], 'e'), {
    code: 2,
    stderr: /expected one of index, create, update, append, delete/
  })
})

t.test('from a file, or - for standard input', async (t) => {
  const { root, options } = aPlace(t)
  writeFileSync(join(root, 'input'), 'from a file')
  t.match(await ralph(t, ['write', '-b', 'fs', '-t', 'x', join(root, 'input')], options), { code: 0 })
  t.match(await ralph(t, ['write', '-b', 'fs', '-t', 'y', '-'], { ...options, input: 'piped' }), { code: 0 })
  t.equal((await ralph(t, ['read', '-b', 'fs', '-'], { ...options, input: '?\n' })).stdout, 'from a filepiped')
  t.match(await ralph(t, ['write', '-b', 'fs', join(root, 'nothing')], options), {
    code: 1,
    stderr: /^Error: .*nothing is not there\n$/
  })
})

t.test('no input makes nothing', async (t) => {
  const { directory, options, history } = aPlace(t)
  t.match(await ralph(t, ['write', '-b', 'fs', '-t', 'x'], options), {
    code: 0,
    stderr: /the input is empty: nothing was written/
  })
  t.same(readdirSync(directory), [])
  t.same(history(), [])
})

t.test('the wrong kind of backend is refused before anything is asked of it', async (t) => {
  const { options } = aPlace(t)
  for (const [words, says] of [
    [['list', '-b', 'lrs'], 'lrs cannot be listed'],
    [['write', '-b', 'ldp'], 'ldp is read-only'],
    [['push', '-b', 'async_ws'], 'ws is read-only'],
    [['delete', '-b', 'lrs', 'x', '--yes'], 'lrs cannot delete']
  ] as const) {
    t.strictSame(await ralph(t, words, options), { code: 2, signal: null, stdout: '', stderr: `Error: ${says}\n` })
  }
})

t.test('an unknown backend is named, with the nearest and all others, in one line', async (t) => {
  t.match(await ralph(t, ['read', '-b', 'swft']), {
    code: 2,
    stdout: '',
    stderr: /^Error: There is no backend "swft"; did you mean swift\? There are [^\n]*\bfs\b[^\n]*\n$/
  })
  t.match(await ralph(t, ['read', '-b', 'nope']), { code: 2, stderr: /^Error: There is no backend "nope"; there are / })
  t.match(await ralph(t, ['read']), {
    code: 2,
    stderr: /required option '-b, --backend <name>' not specified: one of sqlite, fs, .*\n$/
  })
})

t.test('an option that nobody knows is named without its value, which may be a secret', async (t) => {
  const long = await ralph(t, ['read', '-b', 's3', '--s3-secret-acces-key=sEcReT'])
  t.match(long, {
    code: 2,
    stderr: /unknown option '--s3-secret-acces-key' \(did you mean --s3-secret-access-key\?\)\n$/
  })
  t.match(await ralph(t, ['list', '-b', 's3', '-XsEcReT']), { code: 2, stderr: /unknown option '-X'\n$/ })
  t.notMatch(long.stderr, 'sEcReT')
})

t.test('a flag of another backend is passed over, and said to be', async (t) => {
  const { options } = aPlace(t, { one: '1' })
  const words = ['read', '-b', 'fs', '--s3-default-bucket-name', 'x', '--swift-os-username', 'johndoe', 'one']
  const { code, stdout, stderr } = await ralph(t, words, options)
  t.match({ code, stdout }, { code: 0, stdout: '1' })
  t.match(stderr, /WARNING {2}--s3-default-bucket-name is a flag of the backend s3 and has no effect here\n/)
  t.match(stderr, /WARNING {2}--swift-os-username is a flag of the backend swift and has no effect here\n/)
  t.notMatch(stderr, 'johndoe')
})

t.test('numbers and words that are none are usage errors', async (t) => {
  for (const words of [
    ['read', '-b', 'fs', '-s', 'x'],
    ['read', '-b', 'fs', '-i', 'perhaps'],
    ['write', '-b', 'fs', '-c', '0'],
    ['write', '-b', 'fs', '--max-line-bytes', '1 parsec'],
    ['list', '-b', 'fs', '--new', '--all']
  ]) {
    t.match(
      await ralph(t, words),
      { code: 2, stdout: '', stderr: /^Usage: ralph \S+ .*\nTry .*\n\nError: [^\n]+\n$/ },
      words.join(' ')
    )
  }
  const { options } = aPlace(t)
  const env = { ...options.env, RALPH_BACKENDS__DATA__FS__READ_CHUNK_SIZE: 'many' }
  t.match(await ralph(t, ['read', '-b', 'fs'], { env }), {
    code: 2,
    stderr: /READ_CHUNK_SIZE is "many", expected a whole number/
  })
})

t.test('what is not there, and what cannot be read, is said in one line', async (t) => {
  const { root, options } = aPlace(t)
  t.match(await ralph(t, ['read', '-b', 'fs', 'nothing', '--no-progress'], options), {
    code: 1,
    stdout: '',
    stderr: /^Error: .*nothing: the file does not exist\n$/
  })
  writeFileSync(join(root, 'app', 'history.json'), 'no JSON')
  t.match(await ralph(t, ['list', '-b', 'fs', '--new'], options), {
    code: 1,
    stdout: '',
    stderr: /^Error: The history .*history\.json is no JSON: mend it, or move it away\n$/
  })
})

t.test('reading goes on when the history cannot be written, and warns', async (t) => {
  const { root, options } = aPlace(t, { one: '1' })
  const env = { ...options.env, RALPH_HISTORY_FILE: join(root, 'files', 'one', 'history.json') }
  t.match(await ralph(t, ['read', '-b', 'fs', 'one'], { env }), {
    code: 0,
    stdout: '1',
    stderr: /WARNING {2}the history was not updated/
  })
})

const manyLines = (count: number): string =>
  Array.from({ length: count }, (_, n) => `{"n":${n},"x":"${'x'.repeat(90)}"}\n`).join('')

t.test('when nobody reads any more, it ends quietly and did not read to the end', async (t) => {
  const { options, history } = aPlace(t, { long: manyLines(50_000) })
  const { code, stdout, stderr } = await shell(t, 'ralph read -b fs long | head -n 1', options)
  t.match({ code, stdout }, { code: 0, stdout: /^\{"n":0,[^\n]+\n$/ })
  t.match(stderr, /^[^\n]* INFO {5}read fs: [^\n]*\n$/)
  t.same(history(), [])
})

t.test('what a reader took of records is counted, though it did not take all', async (t) => {
  const { options } = aPlace(t)
  const sqlite = { ...options, env: { ...options.env, RALPH_APP_DIR: options.cwd ?? '' } }
  t.match(await ralph(t, ['write', '-b', 'sqlite'], { ...sqlite, input: manyLines(20_000) }), { code: 0 })
  const { code, stderr } = await shell(t, 'ralph read -b sqlite | head -n 1 > /dev/null', sqlite)
  t.equal(code, 0)
  t.match(stderr, /INFO {5}read sqlite: [1-9][\d,]* records, /)
  t.notMatch(stderr, /20,000/)
})

t.test('when standard output is closed, nothing is read and the history knows of nothing', async (t) => {
  const { options, history } = aPlace(t, { one: '1' })
  const { code, stderr } = await shell(t, 'ralph read -b fs one >&-', options)
  t.equal(code, 1)
  t.match(stderr, /^Error: standard output is closed[^\n]*\n$/)
  t.same(history(), [])
})

t.test('a query that cannot be understood is exit code 2, without a summary', async (t) => {
  const { options } = aPlace(t)
  t.match(await ralph(t, ['read', '-b', 'sqlite', '{"nothing":1}'], options), {
    code: 2,
    stdout: '',
    stderr: /^Error: [^\n]*\n$/
  })
})

t.test('a full disk is said in one line', async (t) => {
  const { options } = aPlace(t, { long: manyLines(5000) })
  const { code, stderr } = await shell(t, 'ralph read -b fs long > /dev/full', options)
  t.equal(code, 1)
  t.match(stderr, /^Error: standard output: the disk is full: free some space\n$/)
})

t.test('what is not read is not held in memory: the process waits', async (t) => {
  const { options } = aPlace(t, { long: manyLines(400_000) })
  const child = startRalph(t, ['read', '-b', 'fs', 'long', '-s', '65536'], options)
  await once(child.stdout ?? child, 'readable')
  const rss = (): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
  const first = rss()
  let last = 0
  // It has stopped reading when the position in its file does not move any more.
  const position = (): string =>
    readdirSync(`/proc/${child.pid}/fdinfo`)
      .map((fd) => readFileSync(`/proc/${child.pid}/fdinfo/${fd}`, 'utf8').split('\n')[0])
      .join()
  for (let before = ''; before !== position(); last = rss()) {
    before = position()
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  t.equal(child.exitCode, null)
  t.ok(last < first + 60, `${first} MB, then ${last} MB`)
})

t.test('Ctrl-C ends writing in good order: nothing half is left, and what was done is said', async (t) => {
  const { directory, options, history } = aPlace(t)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = startRalph(t, ['write', '-b', 'fs', '-t', 'half'], options)
    let stderr = ''
    child.stderr?.on('data', (chunk) => {
      stderr += chunk
    })
    const closed = once(child, 'close')
    child.stdin?.on('error', () => {})
    child.stdin?.write(manyLines(20_000))
    while (readdirSync(directory).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill(signal)
    t.strictSame(await closed, [null, signal])
    t.match(
      stderr,
      new RegExp(`INFO {5}write fs: failed after [^\\n]* were read\\nError: interrupted by ${signal}\\n$`)
    )
    t.same(readdirSync(directory), [])
  }
  t.same(history(), [])
})

t.test('secrets that are given as flags are neither shown in messages nor in the list of processes', async (t) => {
  const { options } = aPlace(t)
  const words = ['write', '-b', 's3', '--s3-access-key-id', 'someId', '--s3-secret-access-key', 'verySecret']
  const child = startRalph(
    t,
    ['-v', 'DEBUG', ...words, '--s3-default-bucket-name', 'b', '--s3-endpoint-url', 'http://127.0.0.1:9'],
    options
  )
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const commandLine = (): string => readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')
  // It waits for its input.
  while (/verySecret/.test(commandLine())) await new Promise((resolve) => setTimeout(resolve, 20))
  t.match(commandLine(), /^ralph write/)
  const closed = once(child, 'close')
  child.stdin?.end('x')
  t.strictSame(await closed, [1, null])
  t.match(stderr, /Error: /)
  t.notMatch(stderr, 'verySecret')
})
