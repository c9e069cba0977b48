import type { Lease, LeaseTable } from '../../rounds/lease.ts'
import type { Micros } from '../../xapi/timestamp.ts'

/** Reads that see every round whole or not at all, and all that was acknowledged before they began, by whichever server. */
export interface Snapshots {
  /** `work` shows what was written up to and including `last`; it may be called twice, and its last result counts. */
  read<Result>(work: (last: Micros) => Promise<Result>): Promise<Result>
  /** All up to this is written, and seen by every read from now on. */
  known(): Micros
  /** This process has written all up to `last`. */
  passed(last: Micros): void
}

export const createSnapshots = (lease: Lease, { read: readRecord }: Pick<LeaseTable<number>, 'read'>): Snapshots => {
  let known: Micros = Number.NEGATIVE_INFINITY
  /** Whether it is worth guessing that nobody has written. */
  let isQuiet = true

  const passed = (last: Micros): void => {
    known = Math.max(known, last)
  }

  const readLast = async (): Promise<Micros> => {
    const last = (await readRecord())?.record.last ?? 0
    passed(last)
    return last
  }

  /**
   * Asks how far it is written at the same time as the question itself, which is bounded by the latest time that is
   * known. Where that is still the last, everything up to it was there before the question was asked.
   */
  const guess = async <Result>(work: (last: Micros) => Promise<Result>): Promise<Result> => {
    const guessed = known
    const [last, result] = await Promise.all([readLast(), work(guessed)])
    isQuiet = last === guessed
    return isQuiet ? result : work(last)
  }

  return {
    read: async (work) => {
      const held = lease.lastIfHeld()
      if (held !== undefined) return work(held)
      if (known > Number.NEGATIVE_INFINITY && isQuiet) return guess(work)
      const before = known
      const last = await readLast()
      isQuiet = last === before
      return work(last)
    },
    known: () => known,
    passed
  }
}
