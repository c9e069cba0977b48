import type { Lease } from '../../storage/batching/lease.ts'
import { freshRecord, type LeaseTable } from '../../storage/batching/lease-record.ts'
import type { Written } from '../../storage/batching/written.ts'
import type { Micros } from '../../xapi/timestamp.ts'

/** Reads that see every batch whole or not at all, and all that was acknowledged before they began, by whichever server. */
export interface Snapshots {
  /** `work` shows what was written so far; it may be called twice, and its last result counts. */
  read<Result>(work: (written: Written) => Promise<Result>): Promise<Result>
  /** All up to this is written, and seen by every read from now on. */
  known(): Micros
  /** This process has written all up to `last`. */
  passed(last: Micros): void
}

export const createSnapshots = (lease: Lease, { read: readRecord }: Pick<LeaseTable<number>, 'read'>): Snapshots => {
  let known: Micros = Number.NEGATIVE_INFINITY
  /** As the record was read last. */
  let heard: Written | undefined
  /** Whether it is worth guessing that nobody has written. */
  let isQuiet = true

  const passed = (last: Micros): void => {
    known = Math.max(known, last)
  }

  const readWritten = async (): Promise<Written> => {
    const written = (await readRecord())?.record ?? freshRecord
    passed(written.last)
    if (heard === undefined || written.last >= heard.last) heard = written
    return written
  }

  /**
   * Asks how far it is written at the same time as the question itself, which is bounded by what is known. Where that is
   * still the last, everything up to it was there before the question was asked. A writer that was taken for dead moved
   * it, too.
   */
  const guess = async <Result>(guessed: Written, work: (written: Written) => Promise<Result>): Promise<Result> => {
    const [written, result] = await Promise.all([readWritten(), work(guessed)])
    isQuiet = written.last === guessed.last
    return isQuiet ? result : work(written)
  }

  return {
    read: async (work) => {
      const held = lease.writtenIfHeld()
      if (held !== undefined) {
        heard = held
        return work(held)
      }
      const before = heard
      if (before !== undefined && isQuiet) return guess(before, work)
      const written = await readWritten()
      isQuiet = written.last === before?.last
      return work(written)
    },
    known: () => known,
    passed
  }
}
