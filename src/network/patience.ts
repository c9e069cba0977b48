import { RalphError } from '../errors.ts'
import { backOff, pause, type RetryPlan, usualRetries } from './retry.ts'
import { isGivenUp } from './time-limit.ts'

/** Repeats requests to a server that is unreachable for a while. */
export interface Patience {
  /**
   * Runs `work`, and repeats it while it throws `STORE_UNAVAILABLE` with a time to retry. A server that has never answered is not waited
   * for, because its address is probably wrong. A request that timed out is not repeated either. `work` must be safe to repeat.
   */
  run<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result>
}

const isPassing = (error: unknown): boolean =>
  error instanceof RalphError &&
  error.code === 'STORE_UNAVAILABLE' &&
  error.details.retryAfter !== undefined &&
  !isGivenUp(error.details)

export const createPatience = (plan: RetryPlan = usualRetries): Patience => {
  let hasAnswered = false
  return {
    run: async (work, signal) => {
      for (let attempt = 1; ; attempt += 1) {
        signal?.throwIfAborted()
        try {
          const result = await work()
          hasAnswered = true
          return result
        } catch (error) {
          signal?.throwIfAborted()
          if (attempt >= plan.attempts || !hasAnswered || !isPassing(error)) throw error
          await pause(backOff(attempt, plan), signal)
        }
      }
    }
  }
}
