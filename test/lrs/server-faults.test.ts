import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { type Answer, jsonOf } from '../support/answer.ts'
import { type Client, isDurable, type Lrs, startLrs, testedBackends } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

const state = { activityId: anActivity('a').id, agent: withMbox('a'), stateId: 's' }

/** Everything that writes. */
const writeAll = async (asker: Client): Promise<readonly Answer[]> => {
  const put = sent()
  return [
    await asker.post(sent()),
    await asker.post([sent(), sent(), sent()]),
    await asker.post([sent(), {}], { query: { partialSuccess: true } }),
    await asker.send('PUT', '/xAPI/statements', { query: { statementId: put.id }, body: put }),
    await asker.post(
      undefined,
      multipart([statementPart(sent({ attachments: [attachmentOf('essay')] })), contentPart('essay')])
    ),
    await asker.send('PUT', '/xAPI/activities/state', { query: state, body: { a: 1 } }),
    await asker.send('POST', '/xAPI/activities/state', { query: state, body: { b: 1 } }),
    ...(await Promise.all([asker.post(sent()), asker.post(sent()), asker.post(sent())]))
  ]
}

const onDisk = testedBackends.filter((backend) => ['sqlite', 'fs'].includes(backend) && isDurable(backend))

/** No file of this process may grow: to whoever writes one this is a full disk. */
const limitFiles = (bytes: number | 'unlimited'): boolean =>
  spawnSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]).status === 0
// What is written beyond the limit then fails, and does not end the process.
process.on('SIGXFSZ', () => {})

for (const backend of onDisk) {
  const skip = limitFiles('unlimited') ? false : 'prlimit is not installed'
  t.test(
    `ruling 28: ${backend}: a full disk is 507 until it is mended, and nothing is stored by halves`,
    { skip },
    async (t) => {
      const lrs = await startLrs(t, { backend })
      const asker = lrs.as('janedoe')
      const before = [sent(), sent()]
      await asker.store(...before)
      const ids = before.map(({ id }) => id).reverse()
      const whileFull: { writes: readonly Answer[]; reads: Answer[]; heartbeat?: Answer } = { writes: [], reads: [] }
      // No test is reported in between: that may be written to a file, too.
      limitFiles(1)
      try {
        whileFull.writes = await writeAll(asker)
        whileFull.reads.push(await asker.get(), await asker.get({ statementId: before[0]?.id ?? '' }))
        whileFull.heartbeat = await asker.send('GET', '/xAPI/about')
      } finally {
        limitFiles('unlimited')
      }
      for (const [index, answer] of whileFull.writes.entries()) {
        t.equal(answer.status, 507, `write ${index}`)
        t.equal(jsonOf(answer).error, 'STORE_FULL')
      }
      for (const answer of whileFull.reads) t.equal(answer.status, 200, 'it is read all the same')
      t.same(await asker.list(), ids, 'nothing of it was stored')
      t.equal((await asker.send('GET', '/xAPI/activities/state', { query: state })).status, 404)
      for (const [index, { status }] of (await writeAll(asker)).entries()) {
        t.ok(status === 200 || status === 204, `mended: write ${index}: ${status}`)
      }
      t.equal((await asker.send('GET', '/__heartbeat__')).status, 200)
      await lrs.restart()
      t.equal((await asker.list()).length, 2 + 1 + 3 + 1 + 1 + 1 + 3)
      t.same(jsonOf(await asker.send('GET', '/xAPI/activities/state', { query: state })), { a: 1, b: 1 })
    }
  )
}

/** A file system of its own, which ends with the test; undefined where mounting one is not allowed. */
const mountFor = (t: Test): string | undefined => {
  const directory = mkdtempSync(join(tmpdir(), 'ralph-disk-'))
  t.teardown(() => {
    spawnSync('umount', [directory])
    rmdirSync(directory)
  })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'ralph', directory])
  return mounted.status === 0 ? directory : undefined
}
const remount = (directory: string, how: 'ro' | 'rw'): boolean =>
  spawnSync('mount', ['-o', `remount,${how}`, directory]).status === 0

for (const backend of onDisk) {
  t.test(`ruling 28: ${backend}: a disk that is read-only is 507 until it is mended`, async (t) => {
    const directory = mountFor(t)
    if (directory === undefined) {
      t.pass('not tried: this needs the right to mount a file system', { skip: true })
      return
    }
    const lrs = await startLrs(t, { backend, directory })
    const asker = lrs.as('janedoe')
    t.ok(remount(directory, 'ro'))
    for (const answer of await writeAll(asker)) t.equal(answer.status, 507)
    t.ok(remount(directory, 'rw'))
    for (const { status } of await writeAll(asker)) t.ok(status === 200 || status === 204, String(status))
    t.equal((await asker.get()).status, 200)
  })
}

const storeOf = async (t: Test): Promise<{ readonly lrs: Lrs; readonly file: string }> => {
  const directory = t.testdir()
  const lrs = await startLrs(t, { backend: 'sqlite', directory })
  await lrs.as('janedoe').store(sent())
  const [file] = globSync(join(directory, '*.{db,sqlite,sqlite3}'))
  if (file === undefined) throw new Error('the database was not found')
  return { lrs, file }
}

if (testedBackends.includes('sqlite')) {
  t.test('ruling 28: a store that is unreachable is 503 with Retry-After, and nothing is acknowledged', async (t) => {
    const { lrs, file } = await storeOf(t)
    const asker = lrs.as('janedoe')
    const foreign = new DatabaseSync(file)
    foreign.exec('BEGIN IMMEDIATE')
    const refused = await asker.post(sent())
    t.equal(refused.status, 503)
    t.equal(jsonOf(refused).error, 'STORE_UNAVAILABLE')
    t.ok(Number(refused.headers.get('retry-after')) > 0)
    t.equal((await asker.list()).length, 1, 'it is read all the same')
    foreign.exec('ROLLBACK')
    foreign.close()
    t.equal((await asker.post(sent())).status, 200)
    t.equal((await asker.list()).length, 2)
  })

  t.test(
    'ruling 28: what is the server’s own fault is logged once, with an id that the answer has, and no secrets',
    async (t) => {
      const { lrs, file } = await storeOf(t)
      const asker = lrs.as('janedoe')
      const foreign = new DatabaseSync(file)
      foreign.exec('BEGIN IMMEDIATE')
      const { requestId } = jsonOf(await asker.post(sent()))
      foreign.exec('ROLLBACK')
      foreign.close()
      t.match(requestId, /\w/)
      const lines = lrs.log.map((line) => JSON.parse(line))
      t.equal(lines.length, 1)
      t.equal(lines[0].reqId, requestId)
      t.notMatch(lrs.log.join(), /[Aa]uthorization|Basic /)
    }
  )
}
