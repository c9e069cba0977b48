import { defineBackend } from '../define.ts'
import { type ClientOptions, usualOptions } from './client-options.ts'
import { wsParameters } from './settings.ts'

export const ws = defineBackend({
  name: 'ws',
  aliases: ['async_ws'],
  data: {
    summary: 'messages of a WebSocket, until it is closed',
    driver: 'ws',
    capabilities: {
      moves: 'records',
      list: false,
      read: true,
      write: [],
      delete: false,
      history: false,
      query: 'none: every message is read',
      target: 'none'
    },
    parameters: wsParameters,
    open: async ({ uri, reconnect, clientOptions, ...single }, { log }) => {
      const { openWsData } = await import('./data.ts')
      const set = Object.entries(single).filter(([, value]) => value !== undefined)
      // The remaining options have the types of their kinds.
      const client = { ...usualOptions, ...clientOptions, ...(Object.fromEntries(set) as Partial<ClientOptions>) }
      return openWsData({ uri, client, reconnect, log })
    }
  }
})
