import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { endpoints } from '../../src/backends/ldp/endpoints.ts'
import { mirrorExitCodes } from '../../src/cli/mirror-exit-code.ts'
import { aFreePort } from '../support/answering.ts'
import { aMirror, anArchive, filesFor } from '../support/mirror.ts'
import { allRights } from '../support/ovh.ts'
import { ralph } from '../support/ralph-process.ts'

/** `ralph mirror ldp` and `ldp-mirror`, as processes: rows S3.1 to S3.21 of the checklist. */

const first = 'e9397556-31d1-4d4d-b2bd-e5367b522cc8'
const second = '77ec6e4a-ac15-4bcf-8043-7429bf275e49'
const service = 'ldp-jb-52560'

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** The messages of a log, and whether each line has the form of document 003. */
const messagesOf = (log: string): readonly string[] =>
  log
    .trimEnd()
    .split('\n')
    .map((line) => /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:INFO|WARNING|ERROR) LDP Mirror\] (.+)$/.exec(line)?.[1])
    .map((message, index) => message ?? `line ${index} has another form: ${log.split('\n')[index]}`)

t.test('all archives of two streams of two services are mirrored, and told as document 003 tells it', async (t) => {
  const one = [anArchive(10), anArchive(11)]
  const other = [anArchive(12)]
  const { ovh, directory, run, files } = await aMirror(t, {
    'ldp-aa-1': { other: [] },
    [service]: { [first]: one },
    'ldp-zz-2': { [second]: other }
  })
  ovh.state.rights = allRights
  const { code, stdout, stderr } = await run(['ldp-mirror', '--once', first, second])
  t.equal(code, 0, stderr)
  t.equal(stderr, '')
  t.same(files(first), filesFor(one))
  t.same(files(second), filesFor(other))
  const messages = messagesOf(stdout)
  t.same(messages.slice(0, 11), [
    'Create local DB if not exists',
    `Looking for new archives of stream ${first}`,
    `Service ${service} found for stream ${first}`,
    `Archive ${one[0]?.id} added to cache`,
    `Archive ${one[1]?.id} added to cache`,
    `Looking for new archives of stream ${second}`,
    `Service ldp-zz-2 found for stream ${second}`,
    `Archive ${other[0]?.id} added to cache`,
    `Directory mirror/${first} created`,
    `Directory mirror/${second} created`,
    `Archive ${first}/2018-12-10.zst missing, download scheduled`
  ])
  for (const name of [`${first}/2018-12-10.zst`, `${first}/2018-12-11.zst`, `${second}/2018-12-12.zst`]) {
    t.ok(messages.indexOf(`Archive ${name} downloaded`) < messages.indexOf(`Sha256 OK on ${name}`), name)
  }
  t.equal(ovh.asked.filter((each) => each.startsWith('POST')).length, 3, 'one link for each')

  const database = new DatabaseSync(join(directory, 'db', 'ldp.db'), { readOnly: true })
  const rows = database.prepare('SELECT archiveId, streamId, service, status, available FROM archives').all()
  database.close()
  t.equal(rows.length, 3)
  t.match(rows[0], { archiveId: one[0]?.id, streamId: first, service, status: 'done', available: null })

  ovh.asked.length = 0
  const again = await run(['mirror', 'ldp', '--once', first, second])
  t.equal(again.code, 0)
  t.same(
    ovh.asked.filter((each) => /storage|archive\//.test(each)),
    [],
    'nothing is asked for twice'
  )
})

t.test(
  'an archive in cold storage is not asked for before its time, and an unknown stream keeps no other',
  async (t) => {
    const sealed = anArchive(1, { retrievalDelay: 2 })
    const there = anArchive(2)
    const { ovh, run, files } = await aMirror(t, { [service]: { [first]: [sealed, there] } })
    const before = await run(['mirror', 'ldp', first, '--once'])
    t.equal(before.code, 3, 'some are not there yet')
    t.match(before.stdout, `Will retry to download ${first}/2018-12-01.zst after 2 seconds`)
    t.same(files(first), filesFor([there]))
    const links = ovh.asked.filter((each) => each.startsWith('POST')).length
    const early = await run(['mirror', 'ldp', first, second, '--once'])
    if (ovh.asked.filter((each) => each.startsWith('POST')).length === links) {
      t.equal(early.code, 4)
      t.match(early.stdout, `Stream ${second} is in no service of this account`)
      await setTimeout(2100)
    }
    t.equal((await run(['mirror', 'ldp', first, '--once'])).code, 0)
    t.same(files(first), filesFor([sealed, there]))
  }
)

t.test('on a full disk it ends with 9, and what is not whole has no name of an archive', async (t) => {
  const archives = [anArchive(1, { size: 3_000_000 }), anArchive(2, { size: 1000 })]
  const { run, files } = await aMirror(t, { [service]: { [first]: archives } })
  const { code, stdout, stderr } = await run(['ldp-mirror', '--once', first], {}, { fileLimit: 1024 })
  t.equal(code, 9, stdout + stderr)
  t.match(stdout + stderr, /reached the largest size allowed/)
  t.notOk('2018-12-01.zst' in files(first))
  t.equal((await run(['ldp-mirror', '--once', first])).code, 0, 'with room it goes on')
  t.equal(Object.keys(files(first)).length, 2)
})

t.test('options win over variables, and each has one of its own', async (t) => {
  const archives = [anArchive(1)]
  const { ovh, directory, run } = await aMirror(t, { [service]: { [first]: archives } })
  const wrong = { OVH_API_AK: 'x', OVH_API_AS: 'x', OVH_API_CK: 'x', OVH_API_REGION: 'ovh-us' }
  const { APPLICATION_KEY, APPLICATION_SECRET, CONSUMER_KEY } = ovh.keys
  const keys = ['--app-key', APPLICATION_KEY, '--app-secret', APPLICATION_SECRET, '--consumer-key', CONSUMER_KEY]
  const places = ['--ovh-region', ovh.endpoint, '--db', 'a/db', '--mirror', 'a/mirror/']
  const given = await run(['ldp-mirror', ...keys, ...places, '--once', first], wrong)
  t.equal(given.code, 0, given.stderr)
  t.match(given.stdout, `Directory a/mirror/${first} created`)
  t.ok(existsSync(join(directory, 'a/mirror', first, '2018-12-01.zst')))
  t.ok(existsSync(join(directory, 'a/db/ldp.db')))
  const places2 = { DB_DIRECTORY: 'b/db', MIRROR_DIRECTORY: 'b/mirror' }
  t.equal((await run(['ldp-mirror', '--once', first], places2)).code, 0)
  t.ok(existsSync(join(directory, 'b/mirror', first, '2018-12-01.zst')))
  t.ok(existsSync(join(directory, 'b/db/ldp.db')))
})

t.test('what is called or configured wrongly is said, with exit code 2', async (t) => {
  const none = await ralph(t, ['ldp-mirror'])
  t.match(none, { code: 2, stdout: '', stderr: /^Usage: ldp-mirror \[options\] STREAM_ID \[STREAM_ID \.\.\.\]\n/ })
  const keys = await ralph(t, ['ldp-mirror', first], { env: { OVH_API_AK: 'x' }, cwd: t.testdir() })
  t.match(keys, { code: 2, stderr: /needs OVH_API_AS \(--app-secret\), OVH_API_CK \(--consumer-key\): not set/ })
  const region = await ralph(t, ['ldp-mirror', first, '--ovh-region', 'mars'], { cwd: t.testdir() })
  t.match(region, { code: 2, stderr: /expected one of ovh-eu/ })
  t.match(await ralph(t, ['ldp-mirror', '../etc']), { code: 2, stderr: /"\.\.\/etc" is not the id of a stream/ })
})

t.test('the help shows what is set now, the version, and no secret', async (t) => {
  const env = { OVH_API_AK: 'secret-1', OVH_API_AS: 'secret-2', LDP_TOKEN: 'secret-3', MIRROR_DIRECTORY: '/backup' }
  const { code, stdout } = await ralph(t, ['ldp-mirror', '-h'], { env: { ...env, OVH_API_REGION: 'kimsufi-ca' } })
  t.equal(code, 0)
  t.notMatch(stdout, /secret-\d/)
  const text = stdout.replaceAll(/\s+/g, ' ')
  t.match(text, /LDP archive Mirror CLI - \d+\.\d+\.\d+/)
  t.match(text, '--app-key <KEY> OVH application key (default: set, not shown)')
  t.match(text, '--consumer-key <KEY> OVH consumer key (default: None)')
  t.match(text, '(default: kimsufi-ca) [OVH_API_REGION]')
  t.match(text, 'Where to place your archives (default: /backup)')
  t.match(text, 'Where to place the local sqlite database (default: db)')
  for (const name of endpoints.keys()) t.match(text, name)
})

t.test('every cause has its exit code, which the documents have too', async (t) => {
  const damaged = anArchive(3, { details: { sha256: '0'.repeat(64) } })
  const { ovh, directory, run, files } = await aMirror(t, { [service]: { [first]: [damaged], [second]: [] } })
  const arrived = await run(['ldp-mirror', '--once', first])
  t.match(arrived, { code: 5, stdout: `WARNING LDP Mirror] Sha256 ERROR on ${first}/2018-12-03.zst` })
  t.same(files(first), {}, 'it was removed')
  ovh.state.rights = allRights.slice(0, 3)
  t.match(await run(['ldp-mirror', '--once', first]), { code: 7, stdout: /lacks the right POST/ })
  ovh.state.rights = []
  t.match(await run(['ldp-mirror', first]), { code: 7, stderr: /^Error: .*lacks the right GET \/dbaas\/logs:/ })
  ovh.state.rights = allRights
  t.match(await run(['ldp-mirror', second], { OVH_API_CK: 'x' }), { code: 7, stderr: /consumer key is not valid/ })
  const away = { OVH_API_REGION: `http://127.0.0.1:${await aFreePort()}/1.0` }
  t.match(await run(['ldp-mirror', '--once', second], away), { code: 8, stderr: /nothing listens there/ })
  rmSync(join(directory, 'db'), { recursive: true })
  mkdirSync(join(directory, 'db'))
  writeFileSync(join(directory, 'db', 'ldp.db'), 'this is no database'.repeat(100))
  t.match(await run(['ldp-mirror', second]), { code: 10, stderr: /is damaged or not a database/ })
  const page = readFileSync('docs/mirror.md', 'utf8')
  const rows = [...page.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, cause]) => [code, cause])
  t.same(rows, Object.entries(mirrorExitCodes))
})

t.test('it runs until it is stopped, in good order, and the second one on a database says so', async (t) => {
  const { ovh, directory, run, start, files } = await aMirror(t, {
    [service]: { [first]: [anArchive(1, { size: 4e6 })] }
  })
  ovh.state.storage.pause = 20
  const part = join(directory, 'mirror', first, '2018-12-01.zst.part')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = start(['mirror', 'ldp', first])
    let log = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    // Once a piece of the archive has arrived.
    const before = sizeOf(part)
    while (sizeOf(part) === before) await setTimeout(20)
    if (signal === 'SIGTERM') {
      const other = await run(['mirror', 'ldp', first])
      t.match(other, { code: 6, stderr: /^Error: another process writes to db\/ldp\.db/ })
    }
    child.kill(signal)
    t.same(await once(child, 'close'), [0, null])
    t.match(log, signal === 'SIGINT' ? /Interrupted by user!\n$/ : /Stopped by SIGTERM\n$/)
  }
  t.same(Object.keys(files(first)), ['2018-12-01.zst.part'])
  ovh.state.storage.pause = 0
  t.equal((await run(['mirror', 'ldp', first, '--once'])).code, 0)
  t.ok(
    ovh.asked.some((each) => /^GET \/storage bytes=[1-9]/.test(each)),
    'it went on where it was stopped'
  )
  t.same(Object.keys(files(first)), ['2018-12-01.zst'])
})

t.test('the mirror is verified without asking anybody, and mends itself', async (t) => {
  const archives = [anArchive(1), anArchive(2), anArchive(3)]
  const { directory, run, files } = await aMirror(t, { [service]: { [first]: archives } })
  t.equal((await run(['ldp-mirror', '--once', first])).code, 0)
  const nobody = { OVH_API_AK: '', OVH_API_AS: '', OVH_API_CK: '' }
  const well = await run(['ldp-mirror', '--verify', first], nobody)
  t.match(well, { code: 0, stdout: /3 archives read, 0 of them missing or damaged/ })
  const file = join(directory, 'mirror', first, '2018-12-02.zst')
  const bytes = readFileSync(file)
  bytes[5] = 255 - (bytes[5] ?? 0)
  writeFileSync(file, bytes)
  rmSync(join(directory, 'mirror', first, '2018-12-03.zst'))
  const found = await run(['ldp-mirror', '--verify', first], nobody)
  t.match(found, { code: 5, stdout: /Sha256 ERROR on .*02\.zst/ })
  t.match(found.stdout, /2018-12-03\.zst missing/)
  t.equal((await run(['ldp-mirror', '--once', first])).code, 0)
  t.same(files(first), filesFor(archives))
  t.match(await run(['ldp-mirror', '--verify', '--subset', '1%', first], nobody), {
    code: 0,
    stdout: /1 archives read/
  })
  t.match(await run(['ldp-mirror', '--verify', '--subset', 'x', first], nobody), { code: 2, stderr: /as 5%/ })
})

t.test('ralph auth ovh asks for a key with the four rights of document 003', async (t) => {
  const { ovh, run } = await aMirror(t, {})
  const { code, stdout, stderr } = await run(['auth', 'ovh', '--redirection', 'https://www.mywebsite.com/'])
  t.equal(code, 0, stderr)
  t.match(stdout, 'https://eu.api.ovh.com/auth/?credentialToken=token')
  t.match(stdout, 'OVH_API_CK=ck-secret')
  t.same(ovh.requested, [
    {
      accessRules: [
        { method: 'GET', path: '/dbaas/logs' },
        { method: 'GET', path: '/dbaas/logs/*/output/graylog/stream' },
        { method: 'GET', path: '/dbaas/logs/*/output/graylog/stream/*/archive*' },
        { method: 'POST', path: '/dbaas/logs/*/output/graylog/stream/*/archive/*/url' }
      ],
      redirection: 'https://www.mywebsite.com/'
    }
  ])
  t.match(await run(['auth', 'ovh', '--app-key', 'x']), { code: 1, stderr: /application key is not known/ })
})
