import type { Yielding } from '../../xapi/yielding.ts'

/**
 * What is kept in memory of the tables. While a transaction is open it is ahead of what is durable; at the end it either
 * stays so or goes back. Wherever it can be seen at rest it must not show that it is ahead.
 */
export interface Participant {
  /** Writes what was put off. Its last chance to be in the transaction: COMMIT comes next, and may still fail. */
  finish?(): Yielding<void>
  /** The transaction was committed. Not before: what is settled is not undone any more. */
  settle(): void
  /** The transaction was rolled back, before or after `finish`. */
  discard(): void
}
