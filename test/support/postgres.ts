import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Test } from 'tap'

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
