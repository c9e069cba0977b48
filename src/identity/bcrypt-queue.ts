import { RalphError } from '../errors.ts'

export interface BcryptQueueOptions {
  /** How many run at the same time, each on a thread of its own. */
  readonly atOnce: number
  /** How many may wait for their turn. */
  readonly waiting: number
}

/**
 * Runs few of the costly comparisons at a time, so that a flood of wrong passwords leaves processors and threads to
 * everybody else, and refuses with `OVERLOADED` what would wait too long.
 */
export const createBcryptQueue = ({ atOnce, waiting }: BcryptQueueOptions) => {
  const turns: (() => void)[] = []
  let running = 0

  return async <Result>(compare: () => Promise<Result>): Promise<Result> => {
    if (running < atOnce) running++
    else {
      if (turns.length >= waiting) {
        throw new RalphError('OVERLOADED', 'Too many passwords are being verified. Try again in a second.', {
          retryAfter: 1
        })
      }
      await new Promise<void>((resolve) => turns.push(resolve))
    }
    try {
      return await compare()
    } finally {
      // The place goes to the next in the queue directly: nobody slips in between.
      const next = turns.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
