import type { DatabaseName } from './engines/engine.ts'

/** The backend that an engine is for. */
export const backendOf: Readonly<Record<DatabaseName, 'es' | 'mongo' | 'clickhouse' | 'postgres'>> = {
  es: 'es',
  es8: 'es',
  mongo: 'mongo',
  clickhouse: 'clickhouse',
  postgres: 'postgres'
}

const parametersOf = (name: DatabaseName, url: string): Record<string, string> => {
  const { hostname, port } = new URL(url)
  switch (name) {
    case 'es':
    case 'es8':
      // A single node cannot keep the copies that an index has by default.
      return { HOSTS: url, ALLOW_YELLOW_STATUS: 'true' }
    case 'clickhouse':
      return { HOST: hostname, PORT: port, DATABASE: 'default' }
    case 'mongo':
    case 'postgres':
      return { CONNECTION_URI: url }
  }
}

const container: Readonly<Record<DatabaseName, string>> = {
  es: 'DEFAULT_INDEX',
  es8: 'DEFAULT_INDEX',
  // One database has one writing server.
  clickhouse: 'DATABASE',
  // A user's target is another collection.
  mongo: 'DEFAULT_DATABASE',
  postgres: 'DEFAULT_SCHEMA'
}

/**
 * How Ralph, ours or the original, is told in its environment where an engine is, and under which name it keeps
 * statements there if not under its own default.
 */
export const variablesFor = (engine: DatabaseName, url: string, name?: string): Record<string, string> => {
  const parameters = parametersOf(engine, url)
  const key = container[engine]
  if (name !== undefined) parameters[key] = name
  const prefix = `RALPH_BACKENDS__LRS__${backendOf[engine].toUpperCase()}__`
  return Object.fromEntries(Object.entries(parameters).map(([parameter, value]) => [prefix + parameter, value]))
}

const table = (database: string): string =>
  `CREATE TABLE IF NOT EXISTS ${database}.xapi_events_all (event_id UUID NOT NULL, emission_time DateTime64(6) NOT NULL, event String NOT NULL)
   ENGINE MergeTree ORDER BY (emission_time, event_id) PRIMARY KEY (emission_time, event_id)`

/** Makes the index or table that document 001 has its reader make. */
export const prepareEngine = async (engine: DatabaseName, url: string, name: string): Promise<void> => {
  const requests: Partial<Record<DatabaseName, () => Promise<Response>>> = {
    es: () => fetch(`${url}/${name}`, { method: 'PUT' }),
    es8: () => fetch(`${url}/${name}`, { method: 'PUT' }),
    clickhouse: async () => {
      const made = await fetch(url, { method: 'POST', body: `CREATE DATABASE IF NOT EXISTS ${name}` })
      return made.ok ? fetch(url, { method: 'POST', body: table(name) }) : made
    }
  }
  const response = await requests[engine]?.()
  if (response !== undefined && !response.ok) throw new Error(await response.text())
}
