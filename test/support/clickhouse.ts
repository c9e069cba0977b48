import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { ClickhouseOptions } from '../../src/backends/clickhouse/index.ts'

/** Runs SQL on a server, as anybody could. */
export const askClickhouse = async (url: string, sql: string): Promise<string> => {
  const answer = await fetch(`${url}/?mutations_sync=2`, { method: 'POST', body: sql })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text.trim()
}

/** Options for a backend on a database of its own, which is gone when `t` ends: tear the backend down first. */
export const aDatabase = async (t: Test, url: string): Promise<ClickhouseOptions> => {
  const database = `ralph_test_${randomBytes(6).toString('hex')}`
  await askClickhouse(url, `CREATE DATABASE ${database}`)
  t.teardown(() => askClickhouse(url, `DROP DATABASE ${database}`))
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port), database, eventTableName: 'xapi_events_all' }
}
