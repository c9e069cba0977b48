import type { CallOptions } from '../contracts/statement-store.ts'
import { gaveUp } from '../network/time-limit.ts'

/**
 * Gives up calls of a store whose engine has answered nothing for the time limit. A call may wait for other calls before it asks anything:
 * in a queue, or for the lease. Each of these may last as long as the time limit, so a limit for each request of a driver is not enough.
 */
export interface Answers {
  /** Called for each answer of the engine, whichever call it is for. */
  heard(): void
  /** Runs something that has a longer time limit of its own. No call is given up meanwhile. */
  patiently<Result>(work: () => Promise<Result>): Promise<Result>
  /**
   * Rejects with `STORE_UNAVAILABLE` when the engine has answered nothing for the time limit since the call began. The signal that `work`
   * got is aborted then. `work` may end later, so the result of the call is unknown.
   */
  within<Result>(work: (options: CallOptions) => Promise<Result>, options?: CallOptions): Promise<Result>
}

/** `engine` is its name for people. `timeout` is in milliseconds. */
export const createAnswers = (engine: string, timeout: number): Answers => {
  /** By the monotonic clock. */
  let latest = Number.NEGATIVE_INFINITY
  let patient = 0

  const heard = (): void => {
    latest = performance.now()
  }

  /** Calls `giveUp` after too long a silence, unless the function that it returns was called. */
  const watch = (giveUp: () => void): (() => void) => {
    const start = performance.now()
    let isOver = false
    let timer: NodeJS.Timeout
    const look = (): void => {
      if (isOver) return
      if (patient > 0) heard()
      const left = Math.max(start, latest) + timeout - performance.now()
      if (left <= 0) giveUp()
      // If this process was held up, answers may have come that nobody has read yet: they are read first.
      else timer = setTimeout(() => setImmediate(look), left)
    }
    look()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }

  return {
    heard,
    patiently: async (work) => {
      patient += 1
      try {
        return await work()
      } finally {
        patient -= 1
        heard()
      }
    },
    within: async (work, options = {}) => {
      const late = new AbortController()
      const signal = options.signal === undefined ? late.signal : AbortSignal.any([options.signal, late.signal])
      let end = (): void => {}
      const silent = new Promise<never>((_resolve, reject) => {
        end = watch(() => {
          const error = gaveUp(engine)
          late.abort(error)
          reject(error)
        })
      })
      try {
        return await Promise.race([work({ ...options, signal }), silent])
      } finally {
        end()
      }
    }
  }
}
