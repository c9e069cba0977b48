import type { BackendContext, LrsBackend } from '../contracts/lrs-backend.ts'
import type { StoreFiles } from '../contracts/store-files.ts'
import { type Group, inRole, type Values } from '../settings/define.ts'
import type { Reader } from '../settings/read.ts'
import { clickhouseParameters } from './clickhouse/settings.ts'
import { esParameters } from './es/settings.ts'
import { fsParameters } from './fs/settings.ts'
import { mongoParameters } from './mongo/settings.ts'
import { postgresParameters } from './postgres/settings.ts'
import { sqliteParameters } from './sqlite/settings.ts'

/** A backend as it is known before anything of it is loaded. */
export interface BackendDefinition {
  /** As RALPH_RUNSERVER_BACKEND names it. */
  readonly name: string
  /** Other names of the same backend: what Ralph calls its asynchronous ones. */
  readonly aliases: readonly string[]
  readonly summary: string
  /** Its settings as the server reads them. */
  readonly settings: Group
  /** Reads its settings, and says how to open it with them. Opening loads it. */
  configure(reader: Reader): (context: BackendContext) => Promise<LrsBackend>
  /** As `configure`, for those that keep their stores in files; else a sentence that says how a backup is made. */
  readonly files: string | ((reader: Reader) => (context: BackendContext) => Promise<StoreFiles>)
}

interface Declaration<Parameters extends Group> {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly summary: string
  readonly parameters: Parameters
  open(parameters: Values<Parameters>, context: BackendContext): Promise<LrsBackend>
  readonly files: string | ((parameters: Values<Parameters>, context: BackendContext) => Promise<StoreFiles>)
}

const define = <Parameters extends Group>(declaration: Declaration<Parameters>): BackendDefinition => {
  const { name, aliases = [], summary, parameters, open, files } = declaration
  const settings = inRole(name, 'LRS', parameters)
  return {
    name,
    aliases,
    summary,
    settings,
    configure: (reader) => {
      const values = reader.read(settings)
      return (context) => open(values, context)
    },
    files:
      typeof files === 'string'
        ? files
        : (reader) => {
            const values = reader.read(settings)
            return (context) => files(values, context)
          }
  }
}

/** Every backend that can serve as an LRS, the default one first. */
export const backends: readonly BackendDefinition[] = [
  define({
    name: 'sqlite',
    summary: 'one SQLite file for each target, embedded and durable',
    parameters: sqliteParameters,
    open: async ({ directoryPath }, context) => {
      const { openSqlite } = await import('./sqlite/lrs.ts')
      return openSqlite(directoryPath === undefined ? {} : { directory: directoryPath }, context)
    },
    files: async ({ directoryPath }, context) => {
      const { sqliteFiles } = await import('./sqlite/files.ts')
      return sqliteFiles(directoryPath ?? context.appDir, context)
    }
  }),
  define({
    name: 'fs',
    summary: "Ralph's file of JSON lines, for some ten thousand statements",
    parameters: fsParameters,
    open: async ({ directoryPath, lrsFile }, context) => {
      const { openFs } = await import('./fs/lrs.ts')
      // As Ralph has it: whoever changes from Ralph finds the statements where they are.
      return openFs({ directory: directoryPath ?? process.cwd(), file: lrsFile }, context)
    },
    files: async ({ directoryPath, lrsFile }, context) => {
      const { fsFiles } = await import('./fs/files.ts')
      return fsFiles(directoryPath ?? process.cwd(), lrsFile, context)
    }
  }),
  define({
    name: 'es',
    aliases: ['async_es'],
    summary: 'an index of Elasticsearch, as Ralph keeps it, for any number of servers',
    parameters: esParameters,
    open: async ({ clientOptions, caCerts, verifyCerts, ...parameters }, context) => {
      const { openEs } = await import('./es/lrs.ts')
      const options = {
        caCerts: caCerts ?? clientOptions?.caCerts,
        verifyCerts: verifyCerts ?? clientOptions?.verifyCerts ?? true
      }
      return openEs({ ...parameters, ...options }, context)
    },
    files: 'Elasticsearch has snapshots of its own: take one of the index, its companions and those of the targets'
  }),
  define({
    name: 'mongo',
    aliases: ['async_mongo'],
    summary: 'a collection of MongoDB, as Ralph keeps it, for any number of servers',
    parameters: mongoParameters,
    open: async (parameters, context) => {
      const { openMongo } = await import('./mongo/lrs.ts')
      return openMongo(parameters, context)
    },
    files: 'MongoDB has tools of its own: mongodump of the whole database, with --oplog on a replica set'
  }),
  define({
    name: 'postgres',
    summary: 'a schema of a PostgreSQL database, for any number of servers',
    parameters: postgresParameters,
    open: async (parameters, context) => {
      const { openPostgres } = await import('./postgres/lrs.ts')
      return openPostgres(parameters, context)
    },
    files: 'PostgreSQL has tools of its own: pg_dump of the schema, or a base backup with archived WAL'
  }),
  define({
    name: 'clickhouse',
    summary: 'a table of ClickHouse, as Ralph keeps it, for one server',
    parameters: clickhouseParameters,
    open: async (parameters, context) => {
      const { openClickhouse } = await import('./clickhouse/lrs.ts')
      return openClickhouse(parameters, context)
    },
    files: 'ClickHouse has BACKUP of its own: of the whole database, while the server is stopped'
  }),
  define({
    name: 'memory',
    summary: 'nothing on disk, for tests: everything is lost when the server stops',
    parameters: {},
    open: async (_parameters, context) => {
      const { openMemory } = await import('./memory/lrs.ts')
      return openMemory({}, context)
    },
    files: 'memory keeps nothing that a backup could hold'
  })
]
