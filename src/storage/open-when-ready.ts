import type { LrsBackend } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'
import { backOff, pause, type RetryPlan } from '../network/retry.ts'

export interface Waiting {
  /** Seconds for which an engine that is not ready is asked again. 0: it is asked once. */
  readonly patience: number
  /** Called with the reason for waiting, at the first failure and whenever the reason changes. */
  warn(message: string): void
  readonly signal: AbortSignal
}

const plan: RetryPlan = { attempts: Number.POSITIVE_INFINITY, firstPause: 250, longestPause: 5000 }

/** An error with a time to retry may pass. An error of a setting or a file does not. */
const isPassing = (error: unknown): error is RalphError =>
  error instanceof RalphError && error.code === 'STORE_UNAVAILABLE' && error.details.retryAfter !== undefined

const openOnce = async (open: () => LrsBackend | Promise<LrsBackend>): Promise<LrsBackend> => {
  const backend = await open()
  try {
    // A store that cannot be opened is reported now, not to the first client.
    await backend.store()
    return backend
  } catch (error) {
    // Nothing was written. Whatever closing reports, the first error counts.
    await Promise.allSettled([backend.close()])
    throw error
  }
}

/** Rejects when the signal is aborted: a server that is told to stop does not wait for the engine. */
const stopped = (signal: AbortSignal): Promise<never> => {
  const stop = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  stop.catch(() => {})
  return stop
}

/**
 * Opens a backend and its default store. A server is often started together with its engine, which needs longer. So an unreachable engine
 * is asked again until the patience is over.
 */
export const openWhenReady = async (
  open: () => LrsBackend | Promise<LrsBackend>,
  { patience, warn, signal }: Waiting
): Promise<LrsBackend> => {
  let deadline = Number.POSITIVE_INFINITY
  const stop = stopped(signal)
  let said = ''
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await Promise.race([openOnce(open), stop])
    } catch (error) {
      const now = performance.now()
      // Counted from the first failure, because the first attempt may itself be slow.
      deadline = Math.min(deadline, now + patience * 1000)
      const left = deadline - now
      if (left <= 0 || !isPassing(error)) throw error
      if (error.message !== said) {
        said = error.message
        warn(`${said}. Trying again for ${Math.ceil(left / 1000)} s (RALPH_RUNSERVER_WAIT_FOR_BACKEND)`)
      }
      await pause(Math.min(left, backOff(Math.min(attempt, 10), plan)), signal)
    }
  }
}
