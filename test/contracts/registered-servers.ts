import { join } from 'node:path'
import type { Test } from 'tap'
import type { RecordsBackend } from '../../src/contracts/data-backend.ts'
import type { Registry } from '../../src/contracts/registry.ts'
import { openData, type Said } from '../support/data-place.ts'
import { password, writeAuthFile } from '../support/lrs-users.ts'
import { aSchema, sql } from '../support/postgres.ts'
import { type RunningRalph, runserver } from '../support/ralph-process.ts'
import { type RegistryVariables, registryVariables } from '../support/registry.ts'
import { aStatementRecord } from './data-backend.ts'
import { textOf, until } from './registry.ts'

interface Entry {
  readonly http: string
  readonly grpc: string
  readonly version: string
}

interface RegisteredServers {
  /** Without a TTL. */
  readonly settings: RegistryVariables
  readonly registry: Registry
  /** URL of PostgreSQL. */
  readonly database: string
  /** Milliseconds: a TTL that the server takes as it is, and how much later it notices. */
  readonly ttl: number
  readonly notices: number
}

/** Calls that are made while a server is killed; the same test with a bigger number kills for longer. */
const calls = Number(process.env.RALPH_TEST_REGISTERED_CALLS ?? '300')

const create = { operation: 'create' } as const

/** Servers on one store find their way into the registry and out of it, and clients find the servers. */
export const testRegisteredServers = async (
  t: Test,
  { settings, registry, database, ttl, notices }: RegisteredServers
): Promise<void> => {
  const schema = aSchema(t, database)
  const directory = t.testdir({})
  writeAuthFile(join(directory, 'auth.json'), '')
  const variables = registryVariables(settings)
  const start = (): Promise<RunningRalph> =>
    runserver(t, ['--host', '127.0.0.1', '--grpc', '--grpc-port', '0'], {
      cwd: directory,
      env: {
        RALPH_APP_DIR: directory,
        RALPH_RUNSERVER_BACKEND: 'postgres',
        RALPH_BACKENDS__LRS__POSTGRES__CONNECTION_URI: database,
        RALPH_BACKENDS__LRS__POSTGRES__DEFAULT_SCHEMA: schema,
        RALPH_REGISTRY__TTL: `${ttl}ms`,
        RALPH_LOG_FORMAT: 'json',
        ...variables
      }
    })
  const registered = async (): Promise<readonly Entry[]> => {
    const pairs = await registry.list('services/lrs').catch((error: { readonly code?: string }) => {
      if (error.code === 'KEY_NOT_FOUND') return []
      throw error
    })
    return pairs.map((pair) => JSON.parse(textOf(pair) ?? ''))
  }
  const untilThere = (count: number, limit = 10_000): Promise<boolean> =>
    until(async () => (await registered()).length === count, limit)
  const client = async (said: Said = { lines: [] }): Promise<RecordsBackend> => {
    const own = { SERVICE: 'lrs', USERNAME: 'janedoe', PASSWORD: password, MIDDLEWARE: 'recover,logging' }
    const backend = await openData(t, 'grpc', own, said, variables)
    if (backend.moves !== 'records') throw new Error('an LRS keeps records')
    return backend
  }
  const addressesIn = ({ lines }: Said): ReadonlySet<string> =>
    new Set(lines.flatMap((line) => / at (\S+): OK/.exec(line)?.[1] ?? []))
  /** Whether each was stored now; false: it was there already, by a call whose answer was lost. */
  const write = async (backend: RecordsBackend, line: number): Promise<boolean> => {
    const report = await backend.write?.([aStatementRecord(line)], create)
    t.match(report, { rejected: [] })
    return report?.written === 1
  }

  await t.test('nobody is registered: a call says where it has looked', async (t) => {
    const backend = await client()
    await t.rejects(async () => backend.write?.([aStatementRecord(1)], create), {
      code: 'STORE_UNAVAILABLE',
      message: /there is no gRPC server in the service lrs of \w+ at .*services\/lrs/
    })
    t.match(await backend.status(), { state: 'away', detail: /services\/lrs/ })
    await t.rejects(openData(t, 'grpc', { SERVICE: 'lrs', ADDRESSES: 'localhost:1' }), { code: 'INVALID_SETTING' })
  })

  const [one, two] = [await start(), await start()]

  await t.test('each server is registered, with its addresses and its version', async (t) => {
    t.ok(await untilThere(2))
    const entries = await registered()
    t.same(new Set(entries.map(({ http }) => http)), new Set([one.url, two.url]))
    for (const entry of entries) t.match(entry, { grpc: /^127\.0\.0\.1:\d+$/, version: /^\d+\.\d+\.\d+/ })
  })

  await t.test(
    'calls go to all of them, and to one that comes later; one that is stopped is called no more',
    async (t) => {
      const said: Said = { lines: [] }
      const backend = await client(said)
      for (let line = 1; line <= 4; line += 1) t.ok(await write(backend, line))
      t.same(addressesIn(said), new Set((await registered()).map(({ grpc }) => grpc)), 'in turn')
      const three = await start()
      t.ok(await untilThere(3))
      const added = (await registered()).find(({ http }) => http === three.url)
      const isCalled = async (): Promise<boolean> => {
        await write(backend, 5)
        return addressesIn(said).has(added?.grpc ?? '')
      }
      t.ok(await until(isCalled, 5000), 'the watch tells of it')
      t.match(await three.stop(), { code: 0 })
      t.equal((await registered()).length, 2, 'it has taken itself out')
      said.lines.splice(0)
      for (let line = 1; line <= 6; line += 1) t.ok(await write(backend, line))
      t.notOk(addressesIn(said).has(added?.grpc ?? ''))
    }
  )

  await t.test('one is killed: no call is lost, none is done twice, and it is gone within its TTL', async (t) => {
    const said: Said = { lines: [] }
    const backend = await client(said)
    const rows = async () =>
      (await sql(database, `SELECT count(*) AS all, count(DISTINCT id) AS ids FROM "${schema}".statement`))[0]
    const before = Number((await rows())?.all)
    const killed = one.child
    let next = 0
    let gone: Promise<number> | undefined
    const writeOn = async (): Promise<void> => {
      for (let line = next; line < calls; line = next) {
        next += 1
        await write(backend, line)
        if (line !== Math.floor(calls / 3)) continue
        killed.kill('SIGKILL')
        const dead = performance.now()
        gone = untilThere(1, ttl + notices).then(() => performance.now() - dead)
      }
    }
    await Promise.all(Array.from({ length: 8 }, writeOn))
    t.match(await rows(), { all: String(before + calls), ids: String(before + calls) })
    t.ok(
      ((await gone) ?? Number.POSITIVE_INFINITY) < ttl + notices,
      'the TTL, and the time in which the registry looks'
    )
    t.same(
      (await registered()).map(({ http }) => http),
      [two.url]
    )
    t.ok(
      said.lines.some((line) => /UNAVAILABLE|CANCELLED|INTERNAL/.test(line)),
      'calls have met the one that was killed'
    )
  })
}
