import type { Clock } from '../../contracts/clock.ts'
import type { Micros } from '../../xapi/timestamp.ts'

/** Gives out times that only grow, whatever the clock does. */
export interface Sequence {
  /** A time later than any that was given out or promised. */
  next(): Micros
  /** The last time that was given out or promised. */
  latest(): Micros
  /** Promises that `next` will only return later times than this one. */
  passed(): Micros
}

export const createSequence = (clock: Clock, last: Micros): Sequence => {
  let latest = last
  return {
    next: () => {
      latest = Math.max(clock(), latest + 1)
      return latest
    },
    latest: () => latest,
    passed: () => {
      latest = Math.max(clock() - 1, latest)
      return latest
    }
  }
}
