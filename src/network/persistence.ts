import type { Log } from '../contracts/log.ts'
import { RalphError } from '../errors.ts'
import { backOff, isLasting, isNobodyThere, networkReason, pause, type RetryPlan, retryAfter } from './retry.ts'

export interface PersistenceOptions {
  readonly plan: RetryPlan
  /** Statuses that say that the same request may be answered otherwise a little later. */
  readonly passing: ReadonlySet<number>
  readonly log: Log
}

interface Answered {
  readonly status: number
  readonly headers: Headers
}

/** Sends requests to one server until their answers will not change soon. */
export interface Persistence {
  /**
   * The first answer that is not passing; the last one when it stays so, or asks to wait for long. Rejects with the
   * error of the network, or with the reason of the signal. `send` must do no harm if done twice.
   * @param place for the log; without secrets
   */
  run<Answer extends Answered>(place: string, send: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer>
}

/** A longer Retry-After is said, not obeyed: nobody waits for a command that does nothing. */
const longestRetryAfter = 120_000

export const createPersistence = ({ plan, passing, log }: PersistenceOptions): Persistence => {
  /** It answered, or broke off: then the address is right, and it may come back. */
  let wasThere = false
  return {
    run: async (place, send, signal) => {
      for (let attempt = 1; ; attempt += 1) {
        signal?.throwIfAborted()
        let wait = backOff(attempt, plan)
        let reason: string
        try {
          const answer = await send()
          wasThere = true
          wait = Math.max(retryAfter(answer.headers) ?? 0, wait)
          if (!passing.has(answer.status) || attempt >= plan.attempts || wait > longestRetryAfter) return answer
          reason = `answered ${answer.status}`
        } catch (error) {
          signal?.throwIfAborted()
          // Somebody has judged it already.
          if (error instanceof RalphError) throw error
          wasThere ||= !isNobodyThere(error)
          if (attempt >= plan.attempts || isLasting(error) || !wasThere) throw error
          reason = networkReason(error)
        }
        log.warn(`${place}: ${reason}; trying again in ${(wait / 1000).toFixed(1)} s`)
        await pause(wait, signal)
      }
    }
  }
}
