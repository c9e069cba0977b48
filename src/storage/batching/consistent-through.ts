import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../contracts/clock.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { BatchedWriter } from './batched-writer.ts'

export interface ConsistentThroughOptions {
  readonly writer: Pick<BatchedWriter, 'consistentThrough'>
  readonly clock: Clock
  readonly snapshots: {
    /** The latest time up to which this process knows that everything is written. */
    known(): Micros
    /** The time up to which all servers have written. */
    last(options?: CallOptions): Promise<Micros>
  }
}

/** Microseconds. A time older than this is not useful to a reader. */
const staleness = 1_000_000

/** Milliseconds that a reader waits for a later time than the known one. */
const courtesy = 300

/**
 * `StatementStore.consistentThrough` where servers take turns at writing. A reader never waits for another server to release the lease,
 * because that server may be dead. The known time is true, even if it is not the latest.
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
    // The result that comes second is not used.
    late.catch(() => {})
    promised.catch(() => {})
    try {
      return await Promise.race([promised, late])
    } finally {
      answered.abort()
    }
  }
}
