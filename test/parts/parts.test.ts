import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import t from 'tap'
import type { Part } from '../../src/contracts/part.ts'
import { rejectedRequestsPart } from '../../src/parts/rejected-requests.ts'
import { usersPart } from '../../src/parts/users.ts'
import { aLog, aUser, identitySettings, writeUsers } from '../support/users.ts'

const start = <Service>(part: Part<Service>) =>
  part.start({
    signal: new AbortController().signal,
    use: () => {
      throw new Error('it uses no other part')
    },
    running: () => new Map()
  })

t.test('users are degraded while the auth file cannot be read, and well again once it can', async (t) => {
  const file = join(t.testdir(), 'auth.json')
  const users = [await aUser('jane', 'secret')]
  await writeUsers(file, users)
  const { health, stop } = await start(
    usersPart(identitySettings(file), () => Date.now() * 1000, pino({ level: 'silent' }))
  )
  t.teardown(stop)
  t.same(await health(), { state: 'ok' })
  await writeFile(file, '[')
  // The file is looked at once a second.
  await wait(1010)
  t.match(await health(), { state: 'degraded', detail: /auth\.json.*The earlier users stay valid/ })
  await writeUsers(file, users)
  await wait(1010)
  t.same(await health(), { state: 'ok' })
})

t.test('ralph doctor says whether rejected requests can be kept, and makes no directory for that', async (t) => {
  const root = t.testdir({ file: 'x' })
  const checkOf = (directory: string) =>
    rejectedRequestsPart({ directory, maxSize: 1000, clock: () => 0, log: aLog() }).check?.()
  t.same(await checkOf(join(root, 'a', 'b')), { state: 'ok' }, 'it is made at the start of the server')
  t.match(await checkOf(join(root, 'file', 'a')), { state: 'error', detail: /rejected requests cannot be kept/ })
})
