import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import type { Transactions } from '../../storage/batching/group-commit.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import { checkpoint, syncLog } from './checkpoint.ts'
import { type Connection, pagesOfLog } from './connect.ts'
import type { Participant } from './transaction.ts'

/** Bytes that one commit can sync and copy from the log into the database without blocking other requests for long. */
const mostAtOnce = 8 * 2 ** 20

export interface OpenedTransactions extends Transactions {
  finish(): Yielding<void>
  /** The times for readers: they do not include times of a transaction that is not yet committed. */
  readonly visible: Pick<IncreasingClock, 'now' | 'latest'>
}

/** The transactions of one store: of its file, and of its data in memory. */
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
  /** Bytes that were written before the transaction began. */
  let written = 0

  let isLarge = false

  const isLargeNow = (): boolean => connection.written() - written > mostAtOnce

  /** The commit writes what is still in memory in one step. */
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

  /** Other threads sync nearly all of it before the commit, and copy it after the commit. */
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
      // The next writer waits for it. Otherwise the log would grow for as long as there are writes.
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
      // After some errors, such as a full disk, SQLite has rolled back already.
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
