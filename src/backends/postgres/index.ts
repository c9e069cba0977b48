import { recordsQueryHelp } from '../../records/rows.ts'
import { defineData } from '../define-data.ts'
import { postgresDataParameters } from './settings.ts'

export const postgresData = defineData({
  name: 'postgres',
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
    target: 'read, write: a table; read: lrs, or lrs:NAME for a target, too; list: a schema'
  },
  parameters: postgresDataParameters,
  open: async (parameters) => {
    const { openPostgresData } = await import('./data.ts')
    return openPostgresData(parameters)
  }
})
