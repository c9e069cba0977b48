import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { aFastClock, anArchive, filesFor, filesOf, type RunningMirror, startMirror } from '../support/mirror.ts'
import { type Archive, startOvh } from '../support/ovh.ts'

/** The mirror against the simulator of OVH, within this process, so that hours pass in milliseconds. */

const service = 'ldp-jb-52560'
const stream = 'e9397556-31d1-4d4d-b2bd-e5367b522cc8'

const until = async (holds: () => boolean, what: string): Promise<void> => {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 2000) throw new Error(`it was waited in vain: ${what}`)
    await setTimeout(5)
  }
}

const statusesIn = (directory: string): Readonly<Record<string, unknown>> => {
  const database = new DatabaseSync(join(directory, 'db', 'ldp.db'), { readOnly: true })
  const rows = database.prepare('SELECT archiveId, status FROM archives').all()
  database.close()
  return Object.fromEntries(rows.map(({ archiveId, status }) => [String(archiveId), status]))
}

t.test('a new archive is found within the hour, and one in cold storage is had when its time has come', async (t) => {
  const clock = aFastClock(20_000)
  const services: Record<string, Record<string, readonly Archive[]>> = { [service]: { [stream]: [anArchive(1)] } }
  const ovh = await startOvh(t, services, { clock: clock.milliseconds, tolerance: 1e6 })
  const directory = t.testdir()
  const files = () => filesOf(join(directory, 'mirror', stream))
  const mirror = startMirror(directory, ovh, [stream], { clock })
  t.teardown(() => mirror.stop())
  await until(() => Object.keys(files()).includes('2018-12-01.zst'), 'the first archive')
  const added = clock.milliseconds()
  const all = [anArchive(1), anArchive(2, { retrievalDelay: 600 })]
  services[service] = { [stream]: all }
  await until(() => mirror.said.some((each) => /02\.zst after \d+ seconds$/.test(each)), 'the look an hour later')
  const found = (clock.milliseconds() - added) / 1000
  t.ok(found < 3600 * 1.5, `found after ${Math.round(found)} seconds`)
  const asked = ovh.asked.length
  await until(() => mirror.said.includes(`Sha256 OK on ${stream}/2018-12-02.zst`), 'the archive from cold storage')
  t.same(
    ovh.asked.slice(asked).filter((each) => each.startsWith('POST')),
    [`POST /dbaas/logs/${service}/output/graylog/stream/${stream}/archive/${all[1]?.id}/url`],
    'it was asked for once more, when its time had come'
  )
  await mirror.stop()
  t.equal(mirror.said.filter((each) => each.startsWith('Looking for')).length >= 2, true)
})

t.test('what arrives damaged, breaks off or is refused is tried again, and had in the end', async (t) => {
  const clock = aFastClock(20_000)
  const archives = [anArchive(1), anArchive(2, { size: 500_000 })]
  const ovh = await startOvh(t, { [service]: { [stream]: archives } }, { clock: clock.milliseconds, tolerance: 1e6 })
  const directory = t.testdir()
  let left = 6
  ovh.state.storage.change = (bytes) => {
    if (left-- > 0) bytes[9] = 255 - (bytes[9] ?? 0)
    return bytes
  }
  ovh.state.storage.breakAfter = 200_000
  ovh.state.storage.usesPerLink = 2
  const mirror = startMirror(directory, ovh, [stream], { clock })
  t.teardown(() => mirror.stop())
  await until(() => mirror.said.filter((each) => each.startsWith('Sha256 OK')).length === 2, 'both archives')
  await mirror.stop()
  t.same(filesOf(join(directory, 'mirror', stream)), filesFor(archives))
  t.ok(mirror.said.some((each) => each === `Sha256 ERROR on ${stream}/2018-12-01.zst`))
  t.ok(mirror.said.some((each) => /^Will retry to download .* after \d+ seconds$/.test(each)))
})

t.test(
  'an archive that has expired is left out until it is listed again; a service that has keeps no other',
  async (t) => {
    const services: Record<string, Record<string, readonly Archive[]>> = {
      'ldp-aa-1': { other: [] },
      [service]: { [stream]: [anArchive(1), anArchive(2)] }
    }
    const ovh = await startOvh(t, services)
    ovh.state.refusals.set('ldp-aa-1', 460)
    const directory = t.testdir()
    const run = async (): Promise<RunningMirror> => {
      const mirror = startMirror(directory, ovh, [stream], { once: true })
      await mirror.ended
      return mirror
    }
    // It is known, and expires before it was downloaded.
    ovh.state.storage.usesPerLink = 0
    await run()
    ovh.state.storage.usesPerLink = Number.POSITIVE_INFINITY
    services[service] = { [stream]: [anArchive(1, { refusal: 460 })] }
    const gone = await run()
    const [one = '', two = ''] = [anArchive(1).id, anArchive(2).id]
    t.same(statusesIn(directory), { [one]: 'expired', [two]: 'expired' })
    t.ok(gone.said.some((each) => each.includes('answered 460 to GET /dbaas/logs/ldp-aa-1')))
    const archives = [anArchive(1), anArchive(2)]
    services[service] = { [stream]: archives }
    const back = await run()
    t.ok(back.said.includes(`Archive ${one} is listed again, download scheduled`))
    t.same(Object.keys(filesOf(join(directory, 'mirror', stream))), ['2018-12-01.zst', '2018-12-02.zst'])
    t.same(statusesIn(directory), { [one]: 'done', [two]: 'done' })
  }
)

t.test('names that lead elsewhere are refused, and of two archives with one name none is lost', async (t) => {
  const twin = anArchive(2, { filename: '2018-12-01.zst' })
  const archives = [anArchive(1), twin]
  const hostile = ['../../x', '..', '/etc/passwd', 'a/b', '.hidden', 'a\\b', 'a\u0000b', 'x.part', ''].map(
    (filename, index) => anArchive(index + 3, { filename })
  )
  const ovh = await startOvh(t, { [service]: { [stream]: [...hostile, ...archives] } })
  const directory = t.testdir()
  const mirror = startMirror(directory, ovh, [stream], { once: true })
  t.equal((await mirror.ended).failures.length, hostile.length)
  const [first] = archives
  t.same(filesOf(join(directory, 'mirror', stream)), {
    ...filesFor([{ ...twin, filename: `${twin.id}.2018-12-01.zst` }]),
    ...filesFor(first === undefined ? [] : [first])
  })
  t.equal(mirror.said.filter((each) => each.includes('is refused')).length, hostile.length)
})

t.test('an archive that was not taken on counts as done only when it is', async (t) => {
  const ovh = await startOvh(t, { [service]: { [stream]: [anArchive(1)] } })
  const directory = t.testdir()
  const taken: string[] = []
  const refusing = startMirror(directory, ovh, [stream], {
    once: true,
    onArchive: async () => {
      throw new Error('there is no room')
    }
  })
  t.equal((await refusing.ended).failures.length, 1)
  const taking = startMirror(directory, ovh, [stream], {
    once: true,
    onArchive: async ({ file }) => {
      taken.push(file)
    }
  })
  t.match(await taking.ended, { failures: [] })
  t.same(
    ovh.asked.filter((each) => each.startsWith('GET /storage')),
    ['GET /storage'],
    'it is not downloaded again'
  )
})

t.test('ldp.db of ldp-mirror 0.x is opened as it is, and what that has left behind is put right', async (t) => {
  const archives = [1, 2, 3, 4, 5, 6].map((day) => anArchive(day, { size: 1000 }))
  const pgp = anArchive(7, { filename: '2018-12-07.gz.pgp' })
  const ovh = await startOvh(t, { [service]: { [stream]: [...archives, pgp] } })
  const directory = t.testdir({ db: {} })
  const file = join(directory, 'db', 'ldp.db')
  // As its Python program makes the table.
  const schema =
    'CREATE TABLE archives (archiveId text,\n        sha256 text, md5 text, filename text, size numeric, streamId text,\n' +
    '        service text, status text DEFAULT "todo", available timestamp)'
  const old = new DatabaseSync(file)
  old.exec(schema)
  const insert = old.prepare('INSERT INTO archives VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const hashes = filesFor([...archives, pgp])
  const states = ['todo', 'done', 'done', null, 'todo', 'todo', 'done']
  const soon = new Date(Date.now() + 3_600_000).toISOString().replace('T', ' ').replace('Z', '000+00:00')
  for (const [index, { id, filename, content }] of [...archives, pgp].entries()) {
    const available = index === 5 ? soon : null
    const values = [id, hashes[filename] ?? null, null, filename, content.length, stream, service]
    insert.run(...values, states[index] ?? null, available)
  }
  old.close()
  const place = join(directory, 'mirror', stream)
  mkdirSync(place, { recursive: true })
  const put = (index: number, end?: number) =>
    writeFileSync(join(place, archives[index]?.filename ?? ''), archives[index]?.content.subarray(0, end) ?? '')
  put(0) // to do, and there
  put(1, 500) // done, and cut off
  put(4, 500) // to do, and cut off
  writeFileSync(join(place, '2018-12-07.gz'), 'it was decrypted')
  const mirror = startMirror(directory, ovh, [stream], { once: true })
  const result = await mirror.ended
  t.match(result, { downloaded: 4, waiting: 1, failures: [] }, 'one is not to be asked for before its time')
  const { '2018-12-07.gz': _, ...files } = filesOf(place)
  t.same(files, filesFor(archives.slice(0, 5)))
  t.ok(mirror.said.includes(`Archive ${stream}/2018-12-01.zst already available`))
  t.ok(mirror.said.includes(`Archive ${stream}/2018-12-03.zst missing, download scheduled`))
  const after = new DatabaseSync(file)
  t.same(after.prepare('SELECT sql FROM sqlite_master').all(), [{ sql: schema }], 'nothing was added to it')
  t.same(Object.values(statusesIn(directory)), ['done', 'done', 'done', 'done', 'done', 'todo', 'done'])
  // What was moved away is made anew of what the service has.
  after.close()
  rmSync(file)
  await startMirror(directory, ovh, [stream], { once: true }).ended
  t.equal(Object.values(statusesIn(directory)).filter((each) => each === 'done').length, 7)
})
