import type { Log } from '../contracts/log.ts'
import { RalphError } from '../errors.ts'
import { backOff, isLasting, isNobodyThere, networkReason, pause, type RetryPlan, retryAfter } from './retry.ts'

export interface PersistenceOptions {
  readonly plan: RetryPlan
  /** Statuses after which the same request may succeed a little later. */
  readonly passing: ReadonlySet<number>
  readonly log: Log
}

interface Answered {
  readonly status: number
  readonly headers: Headers
}

/** Repeats requests to one server until its answer is final. */
export interface Persistence {
  /**
   * The first final answer. The last answer if it does not become final, or if the server asks for a long wait. Rejects with the error of
   * the network, or with the reason of the signal. `send` must be safe to repeat.
   * @param place for the log, without secrets
   */
  run<Answer extends Answered>(place: string, send: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer>
}

/** A longer Retry-After is reported, not obeyed: a command must not wait that long. */
const longestRetryAfter = 120_000

export const createPersistence = ({ plan, passing, log }: PersistenceOptions): Persistence => {
  /** It answered, or the connection broke. So the address is right, and the server may come back. */
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
          // It is an error of Ralph already.
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
