import { defineBackend } from '../define.ts'
import { ldpParameters } from './settings.ts'

export const ldp = defineBackend({
  name: 'ldp',
  data: {
    summary: "archives of OVH's Logs Data Platform",
    capabilities: {
      moves: 'bytes',
      list: true,
      read: true,
      write: [],
      delete: false,
      history: true,
      query: 'the id of an archive',
      target: 'a stream'
    },
    parameters: ldpParameters,
    open: async (parameters, { clock, log }) => {
      const { openLdpData } = await import('./data.ts')
      return openLdpData({ ...parameters, clock, log })
    }
  }
})
