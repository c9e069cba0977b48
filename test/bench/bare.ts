import { randomUUID } from 'node:crypto'
import { createClient } from '@clickhouse/client'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { freshStatements } from './corpus.ts'

/** What an engine does by itself with the documents that an LRS would keep in it. */
export interface Bare {
  /** Writes so many statements in one request of the engine, durably as the engine has it. */
  write(size: number): Promise<void>
  close(): Promise<void>
}

/** About what an LRS keeps beside a statement: what it is found by, and where it stands. */
const companionOf = (id: string, tokens: readonly string[]): object => ({
  id,
  stored: Date.now() * 1000,
  tokens,
  voided: false
})

const someTokens = (): string[] => Array.from({ length: 14 }, () => randomUUID().slice(0, 22))

const idIn = (text: string): string => JSON.parse(text).id

const elasticsearch = async (url: string, companions: boolean): Promise<Bare> => {
  const send = async (method: string, path: string, body: string): Promise<unknown> => {
    const headers = { 'content-type': path.endsWith('_bulk') ? 'application/x-ndjson' : 'application/json' }
    const response = await fetch(`${url}/${path}`, { method, headers, body })
    const answer: unknown = await response.json()
    if (!response.ok || (answer as { errors?: boolean }).errors) throw new Error(JSON.stringify(answer).slice(0, 500))
    return answer
  }
  const settings = { number_of_replicas: 0 }
  const name = `bare-${randomUUID()}`
  await send(
    'PUT',
    name,
    JSON.stringify({ settings, mappings: { dynamic: false, properties: { timestamp: { type: 'date' } } } })
  )
  const properties = { stored: { type: 'long' }, tokens: { type: 'keyword' }, id: { type: 'keyword' } }
  await send('PUT', `${name}-companion`, JSON.stringify({ settings, mappings: { dynamic: false, properties } }))
  const statements = freshStatements()
  return {
    write: async (size) => {
      let body = ''
      for (let count = 0; count < size; count += 1) {
        const text = statements.next()
        const id = idIn(text)
        body += `{"create":{"_index":"${name}","_id":"${id}"}}\n${text}\n`
        if (!companions) continue
        body += `{"create":{"_index":"${name}-companion","_id":"${id}"}}\n${JSON.stringify(companionOf(id, someTokens()))}\n`
      }
      await send('POST', '_bulk', body)
    },
    close: async () => {
      await send('DELETE', `${name},${name}-companion`, '')
    }
  }
}

const mongo = async (url: string, companions: boolean): Promise<Bare> => {
  const client = await MongoClient.connect(url, { retryWrites: false })
  const database = client.db(`bare_${Date.now()}`)
  const collection = database.collection('statements')
  if (companions) await collection.createIndex({ 'ralph.tokens': 1, 'ralph.stored': -1, 'ralph.id': -1 })
  const statements = freshStatements()
  return {
    write: async (size) => {
      const documents = Array.from({ length: size }, () => {
        const text = statements.next()
        const source = JSON.parse(text)
        return { _source: source, ...(companions ? { ralph: { ...companionOf(source.id, someTokens()), text } } : {}) }
      })
      await collection.insertMany(documents, { writeConcern: { w: 1, journal: true } })
    },
    close: async () => {
      await database.dropDatabase()
      await client.close()
    }
  }
}

const clickhouse = async (url: string, companions: boolean): Promise<Bare> => {
  const client = createClient({ url })
  const table = `bare_${Date.now()}`
  const command = (query: string) => client.command({ query })
  await command(
    `CREATE TABLE ${table} (event_id UUID NOT NULL, emission_time DateTime64(6) NOT NULL, event String NOT NULL)
     ENGINE MergeTree ORDER BY (emission_time, event_id) PRIMARY KEY (emission_time, event_id)`
  )
  await command(
    `CREATE TABLE ${table}_entry (token FixedString(22), stored UInt64, id UUID) ENGINE MergeTree ORDER BY (token, stored, id)`
  )
  const statements = freshStatements()
  return {
    write: async (size) => {
      const texts = Array.from({ length: size }, () => statements.next())
      const events = texts.map((event) => {
        const { id, timestamp } = JSON.parse(event)
        return { event_id: id, emission_time: timestamp, event }
      })
      const settings = { date_time_input_format: 'best_effort' } as const
      await client.insert({ table, values: events, format: 'JSONEachRow', clickhouse_settings: settings })
      if (!companions) return
      const entries = events.flatMap(({ event_id: id }) =>
        someTokens().map((token) => ({ token, stored: Date.now() * 1000, id }))
      )
      await client.insert({ table: `${table}_entry`, values: entries, format: 'JSONEachRow' })
    },
    close: async () => {
      await command(`DROP TABLE ${table}`)
      await command(`DROP TABLE ${table}_entry`)
      await client.close()
    }
  }
}

const postgres = async (url: string, companions: boolean): Promise<Bare> => {
  const pool = new pg.Pool({ connectionString: url, max: 32 })
  const table = `bare_${Date.now()}`
  await pool.query(`CREATE TABLE ${table} (stored bigserial PRIMARY KEY, id uuid NOT NULL UNIQUE, text text NOT NULL)`)
  await pool.query(
    `CREATE TABLE ${table}_entry (token text COLLATE "C", stored bigint, id uuid, PRIMARY KEY (token, stored, id))`
  )
  const statements = freshStatements()
  return {
    write: async (size) => {
      const texts = Array.from({ length: size }, () => statements.next())
      const ids = texts.map(idIn)
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        await client.query(`INSERT INTO ${table} (id, text) SELECT * FROM unnest($1::uuid[], $2::text[])`, [ids, texts])
        if (companions) {
          const entries = ids.flatMap((id) => someTokens().map((token) => [token, id] as const))
          await client.query(
            `INSERT INTO ${table}_entry SELECT token, $3, id FROM unnest($1::text[], $2::uuid[]) AS new (token, id)`,
            [entries.map(([token]) => token), entries.map(([, id]) => id), Date.now() * 1000]
          )
        }
        await client.query('COMMIT')
      } finally {
        client.release()
      }
    },
    close: async () => {
      await pool.query(`DROP TABLE ${table}, ${table}_entry`)
      await pool.end()
    }
  }
}

export const bareEngines = { es: elasticsearch, mongo, clickhouse, postgres } as const
