import { clickhouseData } from './clickhouse/index.ts'
import { type DataBackendDefinition, defineData } from './define-data.ts'
import { esData } from './es/index.ts'
import { fsDataParameters } from './fs/settings.ts'
import { ldpData } from './ldp/index.ts'
import { lrsData } from './lrs/index.ts'
import { mongoData } from './mongo/index.ts'
import { postgresData } from './postgres/index.ts'
import { s3Data } from './s3/index.ts'
import { sqliteData } from './sqlite/index.ts'
import { swiftData } from './swift/index.ts'
import { wsData } from './ws/index.ts'

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
