import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { exitCode } from '../../src/cli/exit-code.ts'
import { prepareEngine, variablesFor } from '../support/engine-variables.ts'
import { engineFor, missingEngine } from '../support/engines/engine-for.ts'
import { ralph, runserver } from '../support/ralph-process.ts'
import { aUser } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret')
const authorization = `Basic ${Buffer.from('jane:supersecret').toString('base64')}`
const skip = missingEngine('mongo') ?? false

const aPlace = async (t: Test) => {
  const cwd = t.testdir({ app: { 'auth.json': JSON.stringify([jane]) } })
  const engine = await engineFor('mongo')
  if ('missing' in engine) throw new Error(engine.missing)
  t.teardown(() => engine.stop())
  const place = `t_${randomUUID().replaceAll('-', '')}`
  await prepareEngine('mongo', engine.url, place)
  return { cwd, env: { RALPH_APP_DIR: join(cwd, 'app'), ...variablesFor('mongo', engine.url, place) } }
}

const childrenOf = (pid: number | undefined): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await wait(20)
}

/** Sends statements over one connection each, so that every worker gets some. Gives the ids that were acknowledged. */
const sendTo = async (url: string, count: number): Promise<readonly string[]> => {
  const sent = Array.from({ length: count }, async () => {
    const id = randomUUID()
    const body = JSON.stringify({
      id,
      actor: { mbox: 'mailto:a@example.org' },
      verb: { id: 'https://example.org/verb' },
      object: { id: 'https://example.org/activity' }
    })
    const headers = { authorization, connection: 'close', 'content-type': 'application/json' }
    const answer = await fetch(`${url}/xAPI/statements`, { method: 'POST', headers, body }).catch(() => undefined)
    return answer?.status === 200 ? [id] : []
  })
  return (await Promise.all(sent)).flat()
}

const idsAt = async (url: string): Promise<readonly string[]> => {
  const answer = await fetch(`${url}/xAPI/statements?limit=100`, { headers: { authorization } })
  const { statements } = (await answer.json()) as { readonly statements: readonly { readonly id: string }[] }
  return statements.map(({ id }) => id)
}

t.test('several workers share a port and a store; one that is killed is replaced', { skip }, async (t) => {
  const { cwd, env } = await aPlace(t)
  const metrics = { RALPH_METRICS__ENABLED: 'true', RALPH_METRICS__PORT: '0' }
  const words = ['-h', '127.0.0.1', '-b', 'mongo', '--workers', '2']
  const server = await runserver(t, words, { cwd, env: { ...env, ...metrics } })
  await until(() => server.log().includes('2 workers serve'))
  t.equal(server.log().match(/Metrics are at /g)?.length, 2)
  const acknowledged = [...(await sendTo(server.url, 40))]
  t.equal(acknowledged.length, 40)
  const [first = 0, second = 0] = childrenOf(server.child.pid)

  const sending = sendTo(server.url, 40)
  process.kill(first, 'SIGKILL')
  acknowledged.push(...(await sending))
  await until(() => childrenOf(server.child.pid).length === 2)
  t.notOk(childrenOf(server.child.pid).includes(first))
  t.ok(childrenOf(server.child.pid).includes(second))
  t.match(server.log(), new RegExp(`The worker ${first} ended by SIGKILL`))
  acknowledged.push(...(await sendTo(server.url, 10)))
  const found = await idsAt(server.url)
  t.strictSame(new Set(found).size, found.length)
  t.strictSame(
    acknowledged.filter((id) => !found.includes(id)),
    []
  )

  const workers = childrenOf(server.child.pid)
  // As a terminal does it: all processes get the signal.
  for (const pid of workers) process.kill(pid, 'SIGINT')
  t.strictSame(await server.stop('SIGINT'), { code: 0, signal: null })
  t.strictSame(workers.filter(isRunning), [])
})

t.test('the workers of a server that is killed end too', { skip }, async (t) => {
  const server = await runserver(t, ['-h', '127.0.0.1', '-b', 'mongo', '--workers', '2'], await aPlace(t))
  await until(() => server.log().includes('2 workers serve'))
  const workers = childrenOf(server.child.pid)
  t.equal(workers.length, 2)
  await server.stop('SIGKILL')
  await until(() => !workers.some(isRunning))
})

t.test('a server that cannot start says so once, and starts no other worker', { skip }, async (t) => {
  const options = await aPlace(t)
  const taken = createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const words = ['runserver', '-h', '127.0.0.1', '-p', String(port), '-b', 'mongo', '--workers', '3']
  const { code, stderr } = await ralph(t, words, options)
  t.equal(code, exitCode.ADDRESS_UNAVAILABLE)
  t.equal(stderr.match(/is in use by another program/g)?.length, 1, stderr)
})

t.test('what only one process may have open refuses workers', async (t) => {
  const words = ['runserver', '-h', '127.0.0.1', '-p', '0', '--workers', '2']
  const cwd = t.testdir({ app: { 'auth.json': JSON.stringify([jane]) } })
  const env = { RALPH_APP_DIR: join(cwd, 'app') }
  const sqlite = await ralph(t, words, { cwd, env })
  t.equal(sqlite.code, exitCode.INVALID_SETTING)
  t.match(sqlite.stderr, 'RALPH_RUNSERVER_WORKERS is 2, but only one process at a time can open a store of sqlite')
  const imports = await ralph(t, [...words, '-b', 'mongo'], { cwd, env: { ...env, RALPH_IMPORTS_ENABLED: 'true' } })
  t.equal(imports.code, exitCode.INVALID_SETTING)
  t.match(imports.stderr, 'imports and uploads need a server with one process')
})
