import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { aDirectory, countingServer, serve } from '../support/downloads.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'

/** How often the process is killed; the full version asks for twenty. */
const kills = Number(process.env.RALPH_TEST_DOWNLOAD_KILLS ?? 2)

t.test(`a download that is killed ${kills} times goes on, and is whole in the end`, async (t) => {
  const content = randomBytes(4_000_000)
  const server = await countingServer(t, (request, response) => serve(request, response, content))
  const directory = aDirectory(t)
  const env = { RALPH_TEMP_DIR: directory, RALPH_APP_DIR: directory }
  const sha256 = createHash('sha256').update(content).digest('hex')
  const words = ['download', `${server.url}/x.bin?checksum=sha256:${sha256}`, join(directory, 'to')]
  for (let at = 0; at < kills; at += 1) {
    const child = startRalph(t, [...words, '--limit-rate', '500kB'], { env })
    const before = server.requests.length
    while (server.requests.length === before) await wait(10)
    // A position is durable every half second.
    await wait(at === 0 ? 1500 : Math.floor((randomBytes(1)[0] ?? 0) * 4))
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const { code, stdout, stderr } = await ralph(t, words, { env })
  t.equal(code, 0, stderr)
  t.equal(stdout, `${join(directory, 'to', 'x.bin')}\n`)
  t.ok(readFileSync(stdout.trim()).equals(content))
  t.match(server.requests.at(-1)?.headers.range, /^bytes=[1-9]\d+-$/, 'it went on where it was')
  t.same(readdirSync(join(directory, 'to')), ['x.bin'], 'nothing else is left')
})

t.test('two processes that want the same at once make one request', async (t) => {
  const server = await countingServer(t, (_request, response) => setTimeout(() => response.end('content'), 800))
  const directory = aDirectory(t)
  const env = { RALPH_TEMP_DIR: directory, RALPH_APP_DIR: directory }
  const results = await Promise.all(
    ['a', 'b'].map((to) => ralph(t, ['download', `${server.url}/x`, join(directory, to)], { env }))
  )
  t.same(
    results.map(({ code }) => code),
    [0, 0]
  )
  for (const { stdout } of results) t.equal(readFileSync(stdout.trim(), 'utf8'), 'content')
  t.equal(server.requests.length, 1)
})

t.test('several URLs are downloaded at once, and what fails keeps none of the others', async (t) => {
  const server = await countingServer(t, ({ url }, response) => response.writeHead(url === '/b' ? 404 : 200).end(url))
  const directory = aDirectory(t)
  const to = join(directory, 'to')
  const { code, stdout, stderr } = await ralph(t, ['download', '-i', '-', to, '--no-cache', '--temp-dir', directory], {
    env: { RALPH_APP_DIR: directory },
    input: `# these\n${['a', 'b', 'c'].map((name) => `${server.url}/${name}\n`).join('')}`
  })
  t.equal(code, 1)
  t.equal(stdout, `${join(to, 'a')}\n${join(to, 'c')}\n`)
  t.match(stderr, /\/b: the server answers 404/)
  t.match(stderr, /1 of 3 downloads failed/)
  t.same(readdirSync(join(directory, 'downloads', 'cache')), [], '--no-cache leaves nothing')
})
