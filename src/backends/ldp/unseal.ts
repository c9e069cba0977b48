import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { pause, retryAfter } from '../../network/retry.ts'

/** Whether the storage answers that an archive is being restored from cold storage. */
export const isSealed = ({ status }: { readonly status: number }): boolean => status === 429

export interface UnsealOptions {
  /** The whole time, in seconds. */
  readonly timeout: number
  /** The expected time in seconds by the API, for a storage that does not tell it. */
  readonly expected: number | undefined
  readonly log: Log
}

/** The interval between two messages about it. */
const sayEvery = 60_000

const shortest = 1000

/** Milliseconds after which the archive can be requested again. `expected` is explained below. */
export const sealedFor = (headers: Headers, expected: number | undefined): number =>
  Math.max(retryAfter(headers) ?? (expected ? expected * 1000 : sayEvery), shortest)

const duration = (milliseconds: number): string => {
  const seconds = Math.ceil(milliseconds / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`
}

/** Waits for an archive as long as the storage says, but no longer in all than the setting allows. */
export const unsealing = (id: string, { timeout, expected, log }: UnsealOptions) => {
  let until: number | undefined
  return {
    wait: async (headers: Headers, signal: AbortSignal | undefined): Promise<void> => {
      until ??= performance.now() + timeout * 1000
      const asked = sealedFor(headers, expected)
      const ready = performance.now() + asked
      if (ready > until) {
        throw new RalphError(
          'STORE_UNAVAILABLE',
          `archive ${id} is brought from cold storage and can be read in about ${duration(asked)}: come back then, or raise UNSEAL_TIMEOUT (${timeout} s)`,
          { retryAfter: Math.ceil(asked / 1000) }
        )
      }
      for (let left = ready - performance.now(); left > 0; left = ready - performance.now()) {
        log.info(`archive ${id} is brought from cold storage: about ${duration(left)} to go`)
        await pause(Math.min(left, sayEvery), signal)
      }
    }
  }
}
