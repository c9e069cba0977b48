import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../contracts/clock.ts'
import type { Imports } from '../contracts/imports.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part, PartStatus } from '../contracts/part.ts'
import { messageOf } from '../errors.ts'
import type { UrlFetcher } from '../imports/context.ts'
import { lrsHandler } from '../imports/handlers/lrs.ts'
import { openImports } from '../imports/open.ts'
import type { Originals } from '../imports/originals.ts'
import type { Places } from '../imports/places.ts'
import { watchForDue } from '../imports/staging.ts'
import type { LrsRules } from '../lrs/call.ts'
import type { ImportSettings } from '../settings/settings.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface ImportsOptions {
  readonly settings: ImportSettings
  readonly rules: LrsRules
  readonly database: Part<LrsBackend>
  readonly newId: () => string
  /** The places in data backends that imports go to. */
  readonly places: Places
  readonly urls: UrlFetcher
  readonly originals: Originals | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** Waits until it is woken, or the time is over. A call between two waits is not lost. */
const createAlarm = (signal: AbortSignal) => {
  let woken = false
  let wake = (): void => {
    woken = true
  }
  return {
    ring: (): void => wake(),
    wait: async (milliseconds: number): Promise<void> => {
      const awake = new AbortController()
      wake = () => {
        woken = true
        awake.abort()
      }
      if (!woken) {
        await wait(milliseconds, undefined, { signal: AbortSignal.any([signal, awake.signal]) }).catch(() => {})
      }
      woken = false
    }
  }
}

/**
 * Works on waiting imports, one after the other. It wakes when an import arrives, and when another attempt is due. In between it looks
 * seldom, for imports that another machine has submitted.
 */
export const importsPart = ({
  settings,
  rules,
  database,
  newId,
  places,
  urls,
  originals,
  clock,
  log
}: ImportsOptions): Part<Imports> => ({
  name: 'imports',
  start: async ({ use }) => {
    const backend = use(database)
    const handlers = [lrsHandler({ backend: async () => backend, rules, newId })]
    const imports = await openImports({ settings, handlers, places, urls, originals, clock, log })
    const stopping = new AbortController()
    let status: PartStatus = { state: 'ok' }
    const alarm = createAlarm(stopping.signal)
    const stopWatching = watchForDue(settings.directory, alarm.ring)
    const work = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        let next: number | undefined
        try {
          await imports.runDue({ signal: stopping.signal })
          next = await imports.nextAttempt()
          status = { state: 'ok' }
        } catch (error) {
          const detail = `imports cannot be run: ${messageOf(error)}`
          if (status.state === 'ok') log.error(detail)
          status = { state: 'degraded', detail, hint: 'imports cannot be run' }
        }
        // An import that is due and was not run belongs to another process. The next sweep looks for it.
        const untilNext = (next ?? 0) - Math.floor(clock() / 1000)
        await alarm.wait(untilNext > 0 ? Math.min(settings.sweep, untilNext) : settings.sweep)
      }
    }
    const working = work()
    return {
      service: imports,
      stop: async () => {
        // The chunk in work is finished. The rest continues after the next start.
        stopping.abort()
        stopWatching()
        await working
        await imports.close()
      },
      health: async () => status
    }
  }
})
