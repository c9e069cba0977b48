import { defineData } from '../define-data.ts'
import { clickhouseDataParameters } from './settings.ts'

export const clickhouseData = defineData({
  name: 'clickhouse',
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
})
