import { pause } from './retry.ts'

export interface ResumingOptions {
  /** The first byte that is wanted; the first one unless it is given. */
  readonly from?: number
  /** Of the whole, in bytes; undefined: the end is where it ends. */
  readonly size: number | undefined
  readonly signal: AbortSignal | undefined
  /** Whether trying again makes sense after this. */
  isPassing(error: unknown): boolean
}

/** Consecutive ones, without a byte between them: about six seconds. */
const maxFailures = 6

/** Sleeps a little longer after each failure; rejects with the reason of the signal. */
export const backOff = (failures: number, signal: AbortSignal | undefined): Promise<void> =>
  pause(50 * 2 ** failures, signal)

/** Bytes that come over connections which may break: each next one goes on where the last one has ended. */
export async function* readResuming(
  open: (from: number) => Promise<AsyncIterable<Uint8Array>>,
  { from: first = 0, size, signal, isPassing }: ResumingOptions
): AsyncGenerator<Uint8Array, void, undefined> {
  let from = first
  for (let failures = 0; ; ) {
    try {
      for await (const chunk of await open(from)) {
        signal?.throwIfAborted()
        from += chunk.length
        failures = 0
        yield chunk
      }
      if (size === undefined || from >= size) return
      throw Object.assign(new Error(`the connection ended after ${from} of ${size} bytes`), { code: 'ECONNRESET' })
    } catch (error) {
      signal?.throwIfAborted()
      failures += 1
      const endedEarly = size !== undefined && from < size && isPassing(error)
      if (!endedEarly || failures > maxFailures) throw error
      await backOff(failures, signal)
    }
  }
}
