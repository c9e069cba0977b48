import { setTimeout as wait } from 'node:timers/promises'
import { RalphError } from '../errors.ts'

/** What is there now. */
export interface Reading<Value> {
  readonly value: Value
  /** Differs when the value does. */
  readonly state: string
  /** Resolves when it may be otherwise, or with the signal; rejects when the server is lost. */
  changed(signal: AbortSignal): Promise<void>
}

/** Milliseconds until a server that was lost is asked again. */
const pause = 250

export const isUnreachable = (error: unknown): boolean =>
  error instanceof RalphError && error.code === 'REGISTRY_UNREACHABLE'

/** Rests, or ends early with the signal. */
export const rest = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  wait(milliseconds, undefined, { signal }).catch(() => undefined)

/**
 * What is there now, then what is there after each change, until the signal fires. What is there is read anew after every
 * sign of a change: so nothing is missed while the connection is away, and what is given is never older than what was.
 */
export async function* watching<Value>(
  signal: AbortSignal,
  read: () => Promise<Reading<Value>>
): AsyncGenerator<Value, void, undefined> {
  let last: string | undefined
  const patiently = async <Result>(work: Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work
    } catch (error) {
      if (signal.aborted) return undefined
      // A server that was there once comes back; one that never was is not waited for.
      if (!isUnreachable(error) || last === undefined) throw error
      await rest(pause, signal)
      return undefined
    }
  }
  while (!signal.aborted) {
    const reading = await patiently(read())
    if (reading === undefined) continue
    if (signal.aborted) return
    if (reading.state !== last) {
      last = reading.state
      yield reading.value
    }
    await patiently(reading.changed(signal))
  }
}

/** The state of some pairs, as readings have it. */
export const stateOf = (pairs: readonly { readonly key: string; readonly lastIndex: number }[]): string =>
  JSON.stringify(pairs.map(({ key, lastIndex }) => [key, lastIndex]))
