import { defineBackend } from '../define.ts'
import { clickhouseDataParameters, clickhouseParameters } from './settings.ts'

export const clickhouse = defineBackend({
  name: 'clickhouse',
  lrs: {
    summary: 'a table of ClickHouse, as Ralph keeps it, for one server',
    servers: 'one',
    parameters: clickhouseParameters,
    open: async (parameters, context) => {
      const { openClickhouse } = await import('./lrs.ts')
      return openClickhouse(parameters, context)
    },
    files: 'use BACKUP of ClickHouse: of the whole database, while the server is stopped'
  },
  data: {
    summary: 'tables of ClickHouse',
    driver: '@clickhouse/client',
    capabilities: {
      moves: 'records',
      list: true,
      read: true,
      write: ['create'],
      delete: true,
      history: false,
      query: 'JSON with select, where, parameters, limit, sort, column_oriented',
      target: 'read, write: a table; list, delete: a database'
    },
    parameters: clickhouseDataParameters,
    open: async (parameters) => {
      const { openClickhouseData } = await import('./data.ts')
      return openClickhouseData(parameters)
    }
  }
})
