/** Times of a store, in microseconds. They always increase, even if the clock of the machine is set back. */
export interface IncreasingClock {
  /** Later than every time that was ever returned, also by `now`. */
  next(): number
  /** The present. Everything that `next` will return is later. */
  now(): number
  /** The last time that was returned or has passed. It does not look at the clock. */
  latest(): number
  /** `next` and `now` will return nothing up to and including `time` any more. */
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
