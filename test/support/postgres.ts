import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Test } from 'tap'
import { openPostgres, type PostgresOptions } from '../../src/backends/postgres/lrs.ts'
import type { LrsBackend, LrsStore } from '../../src/contracts/lrs-backend.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aClock } from './clock.ts'
import { allPages } from './judged-store.ts'

/** Runs SQL as the administrator of the test server. */
export const sql = async (url: string, text: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(text)
    return rows
  } finally {
    await client.end()
  }
}

/** The name of a schema that nobody has, and that is gone when the test ends. Ask before opening anything on it. */
export const aSchema = (t: Test, url: string): string => {
  const schema = `test_${randomUUID()}`
  t.teardown(async () => {
    await sql(url, `DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
  })
  return schema
}

/** Several servers on one schema: each has its own connections and its own clock. */
export const servers = async (t: Test, options: PostgresOptions, ...offsets: number[]): Promise<LrsBackend[]> => {
  const opened = await Promise.all(
    offsets.map((offset) => {
      const clock = aClock()
      clock.shift(offset)
      return openPostgres(options, contextOf(t, clock.now, t.testdirName))
    })
  )
  t.teardown(() => Promise.all(opened.map((each) => each.close())))
  return opened
}

export const server = async (t: Test, options: PostgresOptions): Promise<LrsBackend> => {
  const [only] = await servers(t, options, 0)
  if (only === undefined) throw new Error('one server was opened')
  return only
}

/** Every statement that was acknowledged is there, once, and the walk in pages shows all of them. */
export const requireAll = async (t: Test, store: LrsStore, acknowledged: readonly string[]): Promise<void> => {
  const walked = (await allPages(store, { ascending: true, limit: 37 })).map(({ id }) => id)
  t.equal(new Set(walked).size, walked.length, 'none twice')
  const there = new Set(walked)
  t.same(
    acknowledged.filter((id) => !there.has(id)),
    [],
    `all ${acknowledged.length} acknowledged ones are there`
  )
}

/** Half a minute at most. */
export const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  const limit = Date.now() + 30_000
  while (!(await isSo())) {
    if (Date.now() > limit) throw new Error('it did not happen in 30 seconds')
    await wait(20)
  }
}

/** A role that is gone when the test ends, and the URL with which it logs in. */
export const aRole = async (t: Test, url: string, attributes = ''): Promise<{ role: string; url: string }> => {
  const role = `role_${randomUUID()}`
  await sql(url, `CREATE ROLE "${role}" LOGIN PASSWORD 'secret' ${attributes}`)
  t.teardown(() => sql(url, `DROP OWNED BY "${role}"; DROP ROLE "${role}"`))
  const own = new URL(url)
  own.username = role
  own.password = 'secret'
  return { role, url: own.href }
}
