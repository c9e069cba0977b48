import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../contracts/clock.ts'
import type { Imports } from '../contracts/imports.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part, PartStatus } from '../contracts/part.ts'
import { messageOf } from '../errors.ts'
import { lrsHandler } from '../imports/handlers/lrs.ts'
import { openImports } from '../imports/open.ts'
import type { LrsRules } from '../lrs/call.ts'
import type { ImportSettings } from '../settings/settings.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface ImportsOptions {
  readonly settings: ImportSettings
  readonly rules: LrsRules
  readonly database: Part<LrsBackend>
  readonly newId: () => string
  readonly clock: Clock
  readonly log: Logger
}

/** Milliseconds between two looks at what is due. */
const interval = 2000

/** Works on imports that wait, one after the other. */
export const importsPart = ({ settings, rules, database, newId, clock, log }: ImportsOptions): Part<Imports> => ({
  name: 'imports',
  start: async ({ use }) => {
    const backend = use(database)
    const handlers = [lrsHandler({ backend: async () => backend, rules, newId })]
    const imports = await openImports({ settings, handlers, clock, log })
    const stopping = new AbortController()
    let status: PartStatus = { state: 'ok' }
    const work = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        try {
          await imports.runDue({ signal: stopping.signal })
          status = { state: 'ok' }
        } catch (error) {
          const detail = `imports cannot be worked on: ${messageOf(error)}`
          if (status.state === 'ok') log.error(detail)
          status = { state: 'degraded', detail, hint: 'imports cannot be worked on' }
        }
        await wait(interval, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
    const working = work()
    return {
      service: imports,
      stop: async () => {
        // What is in the middle of a chunk ends it; the rest is gone on with after the next start.
        stopping.abort()
        await working
        await imports.close()
      },
      health: async () => status
    }
  }
})
