import type { Yielding } from '../../xapi/yielding.ts'

/**
 * A part of the store that keeps table data in memory. During a transaction it is ahead of the durable state. At the end it stays so or
 * goes back. While the transaction rests, readers must not see that it is ahead.
 */
export interface Participant {
  /** Writes what was postponed. It is the last chance in the transaction: COMMIT follows, and may still fail. */
  finish?(): Yielding<void>
  /** The transaction was committed. Settled changes are never undone. */
  settle(): void
  /** The transaction was rolled back, before or after `finish`. */
  discard(): void
}
