import { RalphError } from '../errors.ts'
import { backOff, pause, type RetryPlan, usualRetries } from './retry.ts'
import { isGivenUp } from './time-limit.ts'

/** Asks a place again that is out of reach for a while. */
export interface Patience {
  /**
   * Runs `work`, and again while it is thrown `STORE_UNAVAILABLE` that says when to retry. A place that has never
   * answered is not waited for: most likely its address is wrong. Nor is one that hangs: it had its time. `work` must do no harm if done twice.
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
