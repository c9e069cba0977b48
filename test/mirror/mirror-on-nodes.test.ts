import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import t from 'tap'
import { engineFor } from '../support/engines/engine-for.ts'
import { aMirror, anArchive, filesFor, filesOf, mirrorVariables } from '../support/mirror.ts'
import { until } from '../support/postgres.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'
import { aBucket, aRegistry, registryVariables } from '../support/registry.ts'

const service = 'ldp-jb-52560'
const stream = 'e9397556-31d1-4d4d-b2bd-e5367b522cc8'

t.test('of the nodes that share a registry one mirrors a stream, and another one goes on when it dies', async (t) => {
  const engine = await engineFor('etcd')
  if ('missing' in engine) return t.plan(0, engine.missing)
  t.teardown(() => engine.stop())
  const archives = [anArchive(1), anArchive(2)]
  const { ovh, directory, files, start } = await aMirror(t, { [service]: { [stream]: archives } })
  const settings = { provider: 'etcd', endpoints: engine.url, bucket: aBucket() }
  const env = { ...registryVariables(settings), RALPH_REGISTRY__TTL: '1s' }
  const registry = await aRegistry(settings)
  t.teardown(() => registry.close())
  const logOf = (child: ReturnType<typeof start>): (() => string) => {
    let log = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    return () => log
  }
  const first = start(['mirror', 'ldp', stream], env)
  const firstLog = logOf(first)
  await until(async () => firstLog().includes('2 downloaded') || Object.keys(files(stream)).length === 2)
  t.ok(await registry.exists(`locks/mirror/${stream}`))

  const there = `${directory}/there`
  mkdirSync(there)
  const elsewhere = { cwd: there, env: { TZ: 'UTC', ...mirrorVariables(ovh), ...env } }
  const { code, stderr } = await ralph(t, ['mirror', '--once', 'ldp', stream], elsewhere)
  t.equal(code, 6)
  t.match(stderr, /another node holds the lock locks\/mirror\/e9397556/)

  const second = startRalph(t, ['mirror', 'ldp', stream], elsewhere)
  const secondLog = logOf(second)
  await until(async () => secondLog().includes('Waiting: another node holds the lock'))
  first.kill('SIGKILL')
  await until(async () => Object.keys(filesOf(`${there}/mirror/${stream}`)).length === 2)
  await until(async () => JSON.stringify(filesOf(`${there}/mirror/${stream}`)) === JSON.stringify(filesFor(archives)))

  await registry.delete(`locks/mirror/${stream}`)
  await until(async () => secondLog().includes('A lock was lost'))
  await until(async () => registry.exists(`locks/mirror/${stream}`))
  t.pass('it takes the lock again')
  const ended = once(second, 'exit')
  second.kill('SIGTERM')
  t.same(await ended, [0, null])
  t.equal(await registry.exists(`locks/mirror/${stream}`), false, 'a mirror that stops lets go of the lock')
})
