import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import type { Transactions } from '../../storage/batching/group-commit.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import { checkpoint, syncLog } from './checkpoint.ts'
import { type Connection, pagesOfLog } from './connect.ts'
import type { Participant } from './transaction.ts'

/** Bytes that a commit syncs, and copies from the log into the database, without keeping others waiting for long. */
const mostAtOnce = 8 * 2 ** 20

export interface OpenedTransactions extends Transactions {
  finish(): Yielding<void>
  /** Times for readers: of what a transaction has given out, nothing is there before it is committed. */
  readonly visible: Pick<IncreasingClock, 'now' | 'latest'>
}

/** The transactions of one store: in the file, and in what is kept in memory of it. */
export const createTransactions = (
  connection: Connection,
  participants: readonly Participant[],
  times: IncreasingClock
): OpenedTransactions => {
  const beginning = connection.prepare('BEGIN IMMEDIATE')
  const committing = connection.prepare('COMMIT')
  const rollingBack = connection.prepare('ROLLBACK')
  /** The last time that was given out before the transaction began. */
  let before = times.latest()
  let isResting = false
  /** Bytes that were written when the transaction began. */
  let written = 0

  let isLarge = false

  const isLargeNow = (): boolean => connection.written() - written > mostAtOnce

  /** What is still in memory of it, the commit writes in one go. */
  const beLarge = (large: boolean): void => {
    if (large === isLarge) return
    isLarge = large
    connection.keepFewPages(large)
  }

  const rest = (): void => {
    if (isLargeNow()) beLarge(true)
    isResting = true
    connection.rest()
  }
  const resume = (): void => {
    isResting = false
    connection.resume()
  }
  const commit = (): void => {
    committing.run()
    beLarge(false)
    for (const each of participants) each.settle()
  }

  /** Nearly all of it is synced before, and checkpointed behind, by other threads than this one. */
  const commitLarge = async (): Promise<void> => {
    rest()
    try {
      await syncLog(connection.file)
    } finally {
      resume()
    }
    connection.checkpointAfter(0)
    try {
      commit()
      // Whoever writes next waits for it: else the log would grow for as long as others write.
      await checkpoint(connection.file)
    } finally {
      connection.checkpointAfter(pagesOfLog)
    }
  }

  return {
    begin: () => {
      beginning.run()
      before = times.latest()
      written = connection.written()
    },
    finish: function* () {
      for (const each of participants) if (each.finish) yield* each.finish()
    },
    commit: () => (isLargeNow() ? commitLarge() : commit()),
    rollback: () => {
      for (const each of participants) each.discard()
      // After some errors, a full disk among them, SQLite has rolled back by itself.
      if (connection.inTransaction()) rollingBack.run()
      beLarge(false)
    },
    rest,
    resume,
    visible: {
      now: () => (isResting ? before : times.now()),
      latest: () => (isResting ? before : times.latest())
    }
  }
}
