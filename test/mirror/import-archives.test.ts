import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { ImportRecord } from '../../src/contracts/imports.ts'
import { aMirror, anArchive, filesOf, startMirror } from '../support/mirror.ts'
import type { Archive } from '../support/ovh.ts'
import { ralph } from '../support/ralph-process.ts'
import { sent } from '../support/requests.ts'

const service = 'ldp-jb-52560'
const stream = 'e9397556-31d1-4d4d-b2bd-e5367b522cc8'

/** As LDP writes them: GELF, a message on a line. */
const archiveOf = (day: number, count: number): Archive => {
  const messages = Array.from({ length: count }, () => ({
    version: '1.1',
    host: 'lrs',
    short_message: JSON.stringify(sent())
  }))
  const content = gzipSync(messages.map((each) => `${JSON.stringify(each)}\n`).join(''))
  return anArchive(day, { filename: `2018-12-0${day}.gz`, content })
}

const recordsIn = async (t: Test, env: Readonly<Record<string, string>>): Promise<readonly ImportRecord[]> => {
  const { stdout, stderr } = await ralph(t, ['imports', 'list', '--json', '--door', 'mirror'], { env })
  t.equal(stderr, '')
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}

t.test('each archive of a mirror is imported once, whatever its process died of', async (t) => {
  const [first, second] = [archiveOf(1, 7), archiveOf(2, 5)]
  const twin = { ...first, id: anArchive(3).id, filename: '2018-12-03.gz' }
  const services: Record<string, Record<string, readonly Archive[]>> = { [service]: { [stream]: [first] } }
  const { ovh, directory, run } = await aMirror(t, services)
  const env = { RALPH_APP_DIR: join(directory, 'app') }
  // As a process leaves it that is killed between the archive and its record.
  const died = startMirror(directory, ovh, [stream], {
    once: true,
    onArchive: async () => {
      throw new Error('killed')
    }
  })
  t.equal((await died.ended).failures.length, 1)
  t.same(Object.keys(filesOf(join(directory, 'mirror', stream))), ['2018-12-01.gz'])
  t.same(await recordsIn(t, env), [])

  services[service] = { [stream]: [first, second, twin] }
  const whole = await run(['ldp-mirror', '--once', '--import', stream], env)
  t.equal(whole.code, 0, whole.stdout + whole.stderr)
  const records = await recordsIn(t, env)
  t.same(records.map(({ status, counts }) => [status, counts.written]).sort(), [
    ['DONE', 5],
    ['DONE', 7]
  ])
  t.match(records, [{ source: { door: 'mirror' }, metadata: { stream } }, { metadata: { stream } }])

  // As one leaves it that is killed between the record and `ldp.db`.
  const database = new DatabaseSync(join(directory, 'db', 'ldp.db'))
  database.exec("UPDATE archives SET status = 'todo'")
  database.close()
  t.equal((await run(['ldp-mirror', '--once', '--import', stream], env)).code, 0)
  t.same(await recordsIn(t, env), records)
  t.equal((await run(['ldp-mirror', '--once', '--queue', stream], env)).code, 2)
})

t.test('with --queue archives are taken in, and others work on them', async (t) => {
  const { directory, run } = await aMirror(t, { [service]: { [stream]: [archiveOf(1, 3)] } })
  const env = { RALPH_APP_DIR: join(directory, 'app') }
  t.equal((await run(['ldp-mirror', '--once', '--import', '--queue', stream], env)).code, 0)
  t.match(await recordsIn(t, env), [{ status: 'VALIDATING' }])
  t.equal((await ralph(t, ['imports', 'run'], { env })).code, 0)
  t.match(await recordsIn(t, env), [{ status: 'DONE', counts: { written: 3 } }])
})
