import { defineBackend } from '../define.ts'
import { fsDataParameters, fsParameters } from './settings.ts'

export const fs = defineBackend({
  name: 'fs',
  lrs: {
    summary: "Ralph's file of JSON lines, for some ten thousand statements",
    servers: 'one',
    parameters: fsParameters,
    open: async ({ directoryPath, lrsFile }, context) => {
      const { openFs } = await import('./lrs.ts')
      // The default of Python Ralph, so a user who changes from Python Ralph finds the statements in the same place.
      return openFs({ directory: directoryPath ?? process.cwd(), file: lrsFile }, context)
    },
    files: async ({ directoryPath, lrsFile }, context) => {
      const { fsFiles } = await import('./files.ts')
      return fsFiles(directoryPath ?? process.cwd(), lrsFile, context)
    }
  },
  data: {
    summary: 'files of a directory',
    capabilities: {
      moves: 'bytes',
      list: true,
      read: true,
      write: ['create', 'index', 'update', 'append'],
      delete: true,
      history: true,
      query: 'a file, or a pattern of files like those of the shell',
      target: 'list, read: a directory; write: a file'
    },
    parameters: fsDataParameters,
    open: async ({ directoryPath, queryString }, { clock }) => {
      const { openFsData } = await import('./data.ts')
      return openFsData({ directory: directoryPath ?? process.cwd(), pattern: queryString, clock })
    }
  }
})
