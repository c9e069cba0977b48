import { RalphError } from '../errors.ts'
import { backOff } from '../network/resuming.ts'
import { pause } from '../network/retry.ts'
import { isPassingNetworkError, unreachable } from '../network/unreachable.ts'

/** A temporary error, with the time that the server names. */
export class Passing extends Error {
  override readonly name = 'Passing'
  /** Seconds, from Retry-After. */
  readonly retryAfter: number | undefined

  constructor(message: string, retryAfter?: number) {
    super(message)
    this.retryAfter = retryAfter
  }
}

/** Consecutive failures without a byte between them. Fewer are allowed if there is nothing to continue. */
const maxFailures = { begun: 6, fromBeginning: 3 }

/** Seconds. Ralph does not wait longer, whatever the server asks for. */
const longestRetryAfter = 120

/**
 * Tries until it is done: continues after a break, waits after a temporary error, and stops only when the server refuses.
 * `progress` returns the number of bytes that can be continued. Rejects with `STORE_UNAVAILABLE`.
 */
export const untilDone = async (
  place: string,
  attempt: () => Promise<void>,
  { progress, signal }: { readonly progress: () => number; readonly signal: AbortSignal | undefined }
): Promise<void> => {
  for (let failures = 0, before = progress(); ; ) {
    try {
      await attempt()
      return
    } catch (error) {
      signal?.throwIfAborted()
      failures = progress() > before ? 1 : failures + 1
      before = progress()
      const passes = error instanceof Passing || isPassingNetworkError(error)
      if (!passes || failures > (before > 0 ? maxFailures.begun : maxFailures.fromBeginning)) {
        if (!(error instanceof Passing)) throw unreachable(error, place) ?? error
        throw new RalphError('STORE_UNAVAILABLE', `${place}: ${error.message}`, {}, { cause: error })
      }
      const { retryAfter } = error instanceof Passing ? error : { retryAfter: undefined }
      if (retryAfter !== undefined && retryAfter > longestRetryAfter) {
        throw new RalphError('STORE_UNAVAILABLE', `${place} asks to wait for ${retryAfter} s`, { retryAfter })
      }
      if (retryAfter === undefined) await backOff(failures, signal)
      else await pause(retryAfter * 1000, signal)
    }
  }
}
