import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../contracts/log.ts'
import type { Part } from '../contracts/part.ts'
import type { Registry } from '../contracts/registry.ts'

/** Milliseconds: so long the end of a server waits for a registry that does not answer. */
const farewell = 5000

/** The registry that this server shares with others. It is reached by the first call, not by the start. */
export const registryPart = (open: () => Promise<Registry>, log: Log): Part<Registry> => ({
  name: 'registry',
  start: async () => {
    const registry = await open()
    log.info(`Registry: ${registry.place}`)
    return {
      service: registry,
      stop: async () => {
        await Promise.race([registry.close(), wait(farewell, undefined, { ref: false })])
      },
      // What uses it says how it fares.
      health: async () => ({ state: 'ok' })
    }
  }
})
