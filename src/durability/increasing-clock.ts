/** Times of a store, in microseconds, that only ever increase: the clock of a machine may be set back, these are not. */
export interface IncreasingClock {
  /** Later than every time that was ever given out, by `now` too. */
  next(): number
  /** The present: everything that `next` will give is later. */
  now(): number
  /** The last time that was given out or has passed, without a look at the clock. */
  latest(): number
  /** Nothing up to and including `time` will be given out any more. */
  passed(time: number): void
}

export const createIncreasingClock = (clock: () => number): IncreasingClock => {
  let last = Number.NEGATIVE_INFINITY
  return {
    next: () => {
      last = Math.max(clock(), last + 1)
      return last
    },
    now: () => {
      last = Math.max(clock(), last)
      return last
    },
    latest: () => last,
    passed: (time) => {
      last = Math.max(last, time)
    }
  }
}
