import { clickhouseData } from './clickhouse/definition.ts'
import { type DataBackendDefinition, defineData } from './define-data.ts'
import { esData } from './es/definition.ts'
import { fsDataParameters } from './fs/parameters.ts'
import { ldpData } from './ldp/definition.ts'
import { lrsData } from './lrs/definition.ts'
import { mongoData } from './mongo/definition.ts'
import { postgresData } from './postgres/definition.ts'
import { s3Data } from './s3/definition.ts'
import { sqliteData } from './sqlite/definition.ts'
import { swiftData } from './swift/definition.ts'
import { wsData } from './ws/definition.ts'

/** Every place that `ralph list`, `read`, `write` and `delete` know, by name. */
export const dataBackends: readonly DataBackendDefinition[] = [
  defineData({
    name: 'fs',
    summary: 'files of a directory',
    capabilities: {
      moves: 'bytes',
      list: true,
      read: true,
      write: ['create', 'index', 'update', 'append'],
      delete: true,
      history: true,
      query: 'a file, or a pattern of files as the shell has them',
      target: 'list, read: a directory; write: a file'
    },
    parameters: fsDataParameters,
    open: async ({ directoryPath, queryString }, { clock }) => {
      const { openFsData } = await import('./fs/data.ts')
      return openFsData({ directory: directoryPath ?? process.cwd(), pattern: queryString, clock })
    }
  }),
  sqliteData,
  esData,
  mongoData,
  postgresData,
  clickhouseData,
  ldpData,
  lrsData,
  s3Data,
  swiftData,
  wsData
]
