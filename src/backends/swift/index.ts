import { defineBackend } from '../define.ts'
import { swiftParameters } from './settings.ts'

export const swift = defineBackend({
  name: 'swift',
  data: {
    summary: 'objects of OpenStack Swift',
    capabilities: {
      moves: 'bytes',
      list: true,
      read: true,
      write: ['create', 'index', 'update'],
      delete: true,
      history: true,
      query: 'the name of an object',
      target: 'list, read: a container; write: container/name, or a name in the default container'
    },
    parameters: swiftParameters,
    open: async (values, { clock, log }) => {
      const { openSwiftData } = await import('./data.ts')
      return openSwiftData({ ...values, clock, log })
    }
  }
})
