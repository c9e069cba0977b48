import { recordsQueryHelp } from '../../records/rows.ts'
import { defineBackend } from '../define.ts'
import { postgresDataParameters, postgresParameters } from './settings.ts'

export const postgres = defineBackend({
  name: 'postgres',
  lrs: {
    summary: 'a schema of a PostgreSQL database, for any number of servers',
    servers: 'any',
    parameters: postgresParameters,
    open: async (parameters, context) => {
      const { openPostgres } = await import('./lrs.ts')
      return openPostgres(parameters, context)
    },
    files: 'use the tools of PostgreSQL: pg_dump of the schema, or a base backup with archived WAL'
  },
  data: {
    summary: 'tables of records in a schema of PostgreSQL',
    driver: 'pg',
    capabilities: {
      moves: 'records',
      list: true,
      read: true,
      write: ['create', 'index', 'update', 'delete'],
      delete: true,
      history: false,
      query: recordsQueryHelp,
      target: 'read, write: a table; read: also lrs, or lrs:NAME for a target; list: a schema'
    },
    parameters: postgresDataParameters,
    open: async (parameters) => {
      const { openPostgresData } = await import('./data.ts')
      return openPostgresData(parameters)
    }
  }
})
