import { RalphError } from '../errors.ts'
import { backOff } from '../network/resuming.ts'
import { pause } from '../network/retry.ts'
import { isPassingNetworkError, unreachable } from '../network/unreachable.ts'

/** Something that passes, and when the server says that it will. */
export class Passing extends Error {
  override readonly name = 'Passing'
  /** Seconds, as Retry-After says. */
  readonly retryAfter: number | undefined

  constructor(message: string, retryAfter?: number) {
    super(message)
    this.retryAfter = retryAfter
  }
}

/** Consecutive ones, without a byte between them; fewer where there is nothing to go on with. */
const maxFailures = { begun: 6, fromBeginning: 3 }

/** Nobody waits longer than this for a server that asks to. */
const longestRetryAfter = 120

/**
 * Asks until it is done: what breaks is gone on with, what passes is waited for, and only a verdict of the server is final.
 * `progress` says how many bytes there are to go on with. `STORE_UNAVAILABLE`
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
        throw new RalphError('STORE_UNAVAILABLE', `${place} asks to be left alone for ${retryAfter} s`, { retryAfter })
      }
      if (retryAfter === undefined) await backOff(failures, signal)
      else await pause(retryAfter * 1000, signal)
    }
  }
}
