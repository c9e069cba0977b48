import { type DataBackendDefinition, defineData } from './define-data.ts'
import { fsDataParameters } from './fs/parameters.ts'
import { lrsData } from './lrs/definition.ts'
import { s3Data } from './s3/definition.ts'
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
  lrsData,
  s3Data,
  swiftData,
  wsData
]
