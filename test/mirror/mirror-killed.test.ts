import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { aFastClock, aMirror, anArchive, filesFor, filesOf, startMirror } from '../support/mirror.ts'
import { type Archive, startOvh } from '../support/ovh.ts'

/** A mirror that is killed or started anew at any moment has every archive in the end, whole and once. */

const service = 'ldp-jb-52560'
const stream = 'e9397556-31d1-4d4d-b2bd-e5367b522cc8'

/** RALPH_TEST_MIRROR_KILLS=20 is the whole. */
const kills = Number(process.env.RALPH_TEST_MIRROR_KILLS ?? 3)
/** RALPH_TEST_MIRROR_DAYS=7 and RALPH_TEST_MIRROR_SPEED=100, an hour and forty minutes, are the whole. */
const days = Number(process.env.RALPH_TEST_MIRROR_DAYS ?? 2)
const speed = Number(process.env.RALPH_TEST_MIRROR_SPEED ?? 60_000)

t.test(`kill -9 at any moment, ${kills} times`, async (t) => {
  const archives = Array.from({ length: 4 + 2 * kills }, (_, index) =>
    anArchive(index + 1, { filename: `${index}.gz`, size: 2_000_000 })
  )
  const { ovh, files, start, run } = await aMirror(t, { [service]: { [stream]: archives } })
  ovh.state.storage.pause = 15
  const whole = filesFor(archives)
  const isDownloading = () => Object.keys(files(stream)).some((name) => name.endsWith('.part'))
  let begun = 0
  for (let count = 0; count < kills; count += 1) {
    const child = start(['ldp-mirror', stream])
    const first = once(child.stdout ?? child, 'data')
    const closed = once(child, 'close')
    await first
    await setTimeout(Math.random() * 900)
    // On a busy machine no download may have begun yet: the first kill waits for one.
    while (count === 0 && !isDownloading()) await setTimeout(5)
    child.kill('SIGKILL')
    t.same(await closed, [null, 'SIGKILL'])
    for (const [name, hash] of Object.entries(files(stream))) {
      if (name.endsWith('.part')) begun += 1
      else if (whole[name] !== hash) t.fail(`${name} has its name, and is not whole`)
    }
  }
  t.ok(begun > 0, `${begun} downloads were cut off`)
  ovh.state.storage.pause = 0
  const last = await run(['ldp-mirror', '--once', stream])
  t.equal(last.code, 0, last.stdout)
  t.same(files(stream), whole)
  t.equal((await run(['ldp-mirror', '--verify', stream])).code, 0)
})

t.test(`${days} days of two streams at a speed of ${speed}, started anew every few hours`, async (t) => {
  const clock = aFastClock(speed)
  const streams = [stream, 'second']
  const services: Record<string, Record<string, readonly Archive[]>> = { a: { [stream]: [] }, b: { second: [] } }
  const ovh = await startOvh(t, services, { clock: clock.milliseconds, tolerance: 60 * speed })
  const directory = t.testdir()
  const all: Record<string, Archive[]> = { [stream]: [], second: [] }
  let starts = 0
  let oks: string[] = []
  let mirror = startMirror(directory, ovh, streams, { clock })
  t.teardown(() => mirror.stop())
  for (let hour = 1; hour <= days * 24; hour += 1) {
    if (hour % 6 === 1) {
      const index = all.second?.length ?? 0
      const archive = (id: string) =>
        anArchive(index + 1, { id, filename: `${index}.gz`, retrievalDelay: 596, size: 300_000 })
      all[stream]?.push(archive(`a-${index}`))
      all.second?.push(archive(`b-${index}`))
      services.a = { [stream]: [...(all[stream] ?? [])] }
      services.b = { second: [...(all.second ?? [])] }
    }
    // Every fourth hour connections break, every ninth the API fails for a moment.
    ovh.state.storage.breakAfter = hour % 4 === 0 ? 100_000 : Number.POSITIVE_INFINITY
    if (hour % 9 === 0) ovh.state.failures = [{ status: 503 }, { status: 502 }, { status: 503 }]
    await clock.sleep(3_600_000)
    if (hour % 5 === 0) {
      await mirror.stop()
      oks = [...oks, ...mirror.said.filter((each) => each.startsWith('Sha256 OK'))]
      starts += 1
      mirror = startMirror(directory, ovh, streams, { clock })
    }
  }
  ovh.state.storage.breakAfter = Number.POSITIVE_INFINITY
  const isDone = (): boolean =>
    new Set([...oks, ...mirror.said].filter((each) => each.startsWith('Sha256 OK'))).size >= expected
  const expected = Object.values(all).flat().length
  for (let tries = 0; !isDone() && tries < 2000; tries += 1) await setTimeout(10)
  await mirror.stop()
  for (const each of streams) t.same(filesOf(join(directory, 'mirror', each)), filesFor(all[each] ?? []))
  oks = [...oks, ...mirror.said.filter((each) => each.startsWith('Sha256 OK'))]
  t.equal(new Set(oks).size, expected)
  t.ok(oks.length <= expected + starts, `${oks.length} downloads of ${expected} archives, ${starts} new starts`)
})
