import { recordsQueryHelp } from '../../records/rows.ts'
import { defineBackend } from '../define.ts'
import { sqliteDataParameters, sqliteParameters } from './settings.ts'

export const sqlite = defineBackend({
  name: 'sqlite',
  lrs: {
    summary: 'one SQLite file for each target, embedded and durable',
    servers: 'one',
    parameters: sqliteParameters,
    open: async ({ directoryPath }, context) => {
      const { openSqlite } = await import('./lrs.ts')
      return openSqlite(directoryPath === undefined ? {} : { directory: directoryPath }, context)
    },
    files: async ({ directoryPath }, context) => {
      const { sqliteFiles } = await import('./files.ts')
      return sqliteFiles(directoryPath ?? context.appDir, context)
    }
  },
  data: {
    summary: 'tables of records in one SQLite file',
    capabilities: {
      moves: 'records',
      list: true,
      read: true,
      write: ['create', 'index', 'update', 'delete'],
      delete: true,
      history: false,
      query: recordsQueryHelp,
      target: 'read, write: a table; read: also lrs, or lrs:NAME for a target'
    },
    parameters: sqliteDataParameters,
    open: async ({ directoryPath, ...parameters }, { appDir }) => {
      const { openSqliteData } = await import('./data.ts')
      return openSqliteData({ directory: directoryPath ?? appDir, ...parameters })
    }
  }
})
