import { defineBackend } from '../define.ts'

export const memory = defineBackend({
  name: 'memory',
  lrs: {
    summary: 'nothing on disk, for tests: everything is lost when the server stops',
    servers: 'one',
    parameters: {},
    open: async (_parameters, context) => {
      const { openMemory } = await import('./lrs.ts')
      return openMemory({}, context)
    },
    files: 'memory stores nothing, so there is nothing to back up'
  }
})
