import type { BackendContext, LrsBackend } from '../../src/contracts/lrs-backend.ts'

/** Where a process other than the test finds its MongoDB: connection string and database. */
const mongoVariables = { url: 'RALPH_TEST_OPENERS_MONGO_URL', database: 'RALPH_TEST_OPENERS_MONGO_DATABASE' } as const

export const useMongo = (url: string, database: string): void => {
  process.env[mongoVariables.url] = url
  process.env[mongoVariables.database] = database
}

const clickhouseVariables = {
  url: 'RALPH_TEST_OPENERS_CLICKHOUSE_URL',
  database: 'RALPH_TEST_OPENERS_CLICKHOUSE_DATABASE'
} as const

export const useClickhouse = (url: string, database: string): void => {
  process.env[clickhouseVariables.url] = url
  process.env[clickhouseVariables.database] = database
}

const postgresVariables = {
  url: 'RALPH_TEST_OPENERS_POSTGRES_URL',
  schema: 'RALPH_TEST_OPENERS_POSTGRES_SCHEMA'
} as const

export const usePostgres = (url: string, schema: string): void => {
  process.env[postgresVariables.url] = url
  process.env[postgresVariables.schema] = schema
}

/** Where it finds its Elasticsearch. */
const esVariables = {
  url: 'RALPH_TEST_OPENERS_ES_URL',
  index: 'RALPH_TEST_OPENERS_ES_INDEX',
  targetPrefix: 'RALPH_TEST_OPENERS_ES_TARGETS'
} as const

export const useEs = (url: string, index: string, targetPrefix: string): void => {
  process.env[esVariables.url] = url
  process.env[esVariables.index] = index
  process.env[esVariables.targetPrefix] = targetPrefix
}

/** How a process other than the test opens a durable backend on a directory, or on the database that it was told of. */
export const openers: Readonly<Record<string, (directory: string, context: BackendContext) => Promise<LrsBackend>>> = {
  fs: async (directory, context) => (await import('../../src/backends/fs/lrs.ts')).openFs({ directory }, context),
  sqlite: async (directory, context) =>
    (await import('../../src/backends/sqlite/lrs.ts')).openSqlite({ directory }, context),
  es: async (_directory, context) => {
    const { openEs } = await import('../../src/backends/es/lrs.ts')
    const [url = '', index = '', targetPrefix = ''] = Object.values(esVariables).map((name) => process.env[name])
    // So that a test need not wait as long for one that was killed as servers do.
    const lease = { timeToLive: 1500, patience: 20_000, linger: 50 }
    return openEs({ hosts: [url], index, targetPrefix, lease }, context)
  },
  mongo: async (_directory, context) => {
    const { openMongo } = await import('../../src/backends/mongo/lrs.ts')
    const connectionUri = process.env[mongoVariables.url] ?? ''
    const database = process.env[mongoVariables.database] ?? ''
    // So that a test need not wait as long for one that was killed as servers do.
    const lease = { timeToLive: 1500, patience: 20_000, linger: 50 }
    return openMongo({ connectionUri, database, collection: 'marsha', writeDelay: 0, lease }, context)
  },
  clickhouse: async (_directory, context) => {
    const { openClickhouse } = await import('../../src/backends/clickhouse/lrs.ts')
    const { hostname, port } = new URL(process.env[clickhouseVariables.url] ?? '')
    const database = process.env[clickhouseVariables.database] ?? ''
    return openClickhouse({ host: hostname, port: Number(port), database, eventTableName: 'xapi_events_all' }, context)
  },
  postgres: async (_directory, context) => {
    const { openPostgres } = await import('../../src/backends/postgres/lrs.ts')
    const { url, schema } = postgresVariables
    return openPostgres({ connectionUri: process.env[url], schema: process.env[schema] }, context)
  }
}
