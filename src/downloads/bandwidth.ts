import { setTimeout as wait } from 'node:timers/promises'

/** Limits its users together to a number of bytes per second. */
export interface Bandwidth {
  /** Waits until this many more bytes are within the limit. */
  spend(bytes: number, signal: AbortSignal | undefined): Promise<void>
}

export const unlimited: Bandwidth = { spend: async () => {} }

/** `now` returns milliseconds. */
export const createBandwidth = (bytesPerSecond: number, now: () => number): Bandwidth => {
  let free = now()
  return {
    spend: async (bytes, signal) => {
      const time = now()
      free = Math.max(free, time) + (bytes / bytesPerSecond) * 1000
      // Unused bandwidth is not saved up.
      const pause = free - time
      if (pause > 0) await wait(pause, undefined, signal === undefined ? {} : { signal })
    }
  }
}
