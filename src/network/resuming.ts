import { pause } from './retry.ts'

export interface ResumingOptions {
  /** The first wanted byte; 0 unless given. */
  readonly from?: number
  /** The size of the whole, in bytes. Undefined: the end of the stream is the end. */
  readonly size: number | undefined
  readonly signal: AbortSignal | undefined
  /** Whether another attempt makes sense after this error. */
  isPassing(error: unknown): boolean
}

/** Consecutive failures without a byte between them: about six seconds. */
const maxFailures = 6

/** Waits a little longer after each failure. Rejects with the reason of the signal. */
export const backOff = (failures: number, signal: AbortSignal | undefined): Promise<void> =>
  pause(50 * 2 ** failures, signal)

/** Bytes over connections that may break. Each new connection continues where the last one ended. */
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
