import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../contracts/clock.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { BatchedWriter } from './batched-writer.ts'

export interface ConsistentThroughOptions {
  readonly writer: Pick<BatchedWriter, 'consistentThrough'>
  readonly clock: Clock
  readonly snapshots: {
    /** The latest time up to which this process knows that all is written. */
    known(): Micros
    /** How far all servers have written. */
    last(options?: CallOptions): Promise<Micros>
  }
}

/** A time that is so old, in microseconds, is no longer worth telling a reader. */
const staleness = 1_000_000

/** Milliseconds that a reader waits for a later time than the one that is known. */
const courtesy = 300

/**
 * `StatementStore.consistentThrough` where servers take turns at writing. Nobody who reads waits for another server to
 * make way, which may have died: what is known is true, if not as late as it could be.
 */
export const createConsistentThrough = ({ writer, clock, snapshots }: ConsistentThroughOptions) => {
  return async (options: CallOptions = {}): Promise<Micros> => {
    options.signal?.throwIfAborted()
    const known = snapshots.known()
    if (clock() - known < staleness) return known
    const answered = new AbortController()
    const promised = writer.consistentThrough(options)
    const late = setTimeout(courtesy, undefined, { ref: false, signal: answered.signal }).then(() =>
      snapshots.last(options)
    )
    // Whichever comes second concerns nobody.
    late.catch(() => {})
    promised.catch(() => {})
    try {
      return await Promise.race([promised, late])
    } finally {
      answered.abort()
    }
  }
}
