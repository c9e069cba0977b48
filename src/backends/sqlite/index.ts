import { recordsQueryHelp } from '../../records/rows.ts'
import { defineData } from '../define-data.ts'
import { sqliteDataParameters } from './settings.ts'

export const sqliteData = defineData({
  name: 'sqlite',
  summary: 'tables of records in one SQLite file',
  capabilities: {
    moves: 'records',
    list: true,
    read: true,
    write: ['create', 'index', 'update', 'delete'],
    delete: true,
    history: false,
    query: recordsQueryHelp,
    target: 'read, write: a table; read: lrs, or lrs:NAME for a target, too'
  },
  parameters: sqliteDataParameters,
  open: async ({ directoryPath, ...parameters }, { appDir }) => {
    const { openSqliteData } = await import('./data.ts')
    return openSqliteData({ directory: directoryPath ?? appDir, ...parameters })
  }
})
