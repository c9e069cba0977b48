import { setTimeout as wait } from 'node:timers/promises'

/** Holds those who share it to so many bytes a second. */
export interface Bandwidth {
  /** Waits until so many more bytes are within the limit. */
  spend(bytes: number, signal: AbortSignal | undefined): Promise<void>
}

export const unlimited: Bandwidth = { spend: async () => {} }

/** `now` in milliseconds. */
export const createBandwidth = (bytesPerSecond: number, now: () => number): Bandwidth => {
  let free = now()
  return {
    spend: async (bytes, signal) => {
      const time = now()
      free = Math.max(free, time) + (bytes / bytesPerSecond) * 1000
      // What was not used in the past is not saved up.
      const pause = free - time
      if (pause > 0) await wait(pause, undefined, signal === undefined ? {} : { signal })
    }
  }
}
