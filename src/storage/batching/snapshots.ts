import type { CallOptions } from '../../contracts/statement-store.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Lease } from './lease.ts'
import type { Written } from './written.ts'

/**
 * Reads that see every batch whole or not at all, and all that was acknowledged before they began, by whichever server.
 */
export interface Snapshots {
  /** `work` shows what was written so far. It may be called twice, and its last result counts. */
  read<Result>(work: (written: Written) => Promise<Result>, options?: CallOptions): Promise<Result>
  /** How far it is written. */
  last(options?: CallOptions): Promise<Micros>
  /** All up to this is written: the latest time that this process has heard of. */
  known(): Micros
  /** All up to `last` is written. */
  passed(last: Micros): void
}

export interface SnapshotsOptions {
  readonly lease: Pick<Lease, 'writtenIfHeld'>
  /** Reads from the record of the lease how far it is written. */
  readWritten(options: CallOptions): Promise<Written>
  /** For an engine that does not find at once what was written: from then on it finds all of it. */
  makeReadable?(): Promise<void>
}

export const createSnapshots = ({ lease, readWritten, makeReadable }: SnapshotsOptions): Snapshots => {
  let known: Micros = Number.NEGATIVE_INFINITY
  /** All that was written up to this can be read; undefined: this process has not read yet. */
  let readable: Written | undefined
  /** Whether it is worth guessing that nobody has written. */
  let isQuiet = false

  const passed = (last: Micros): void => {
    known = Math.max(known, last)
  }

  const ask = async (options: CallOptions): Promise<Written> => {
    const written = await readWritten(options)
    passed(written.last)
    return written
  }

  const reach = async (written: Written): Promise<void> => {
    if (readable === undefined || written.last > readable.last) await makeReadable?.()
    if (readable === undefined || written.last >= readable.last) readable = written
  }

  return {
    read: async (work, options = {}) => {
      const readAt = async (written: Written) => {
        await reach(written)
        options.signal?.throwIfAborted()
        return work(written)
      }
      const held = lease.writtenIfHeld()
      if (held !== undefined) return readAt(held)
      const guessed = readable
      if (guessed !== undefined && isQuiet) {
        // Asked at the same time as the question itself. Where this is still the last, everything up to it was there
        // before the question was asked. A writer that was taken for dead moved it, too.
        const [written, result] = await Promise.all([ask(options), work(guessed)])
        isQuiet = written.last === guessed.last
        return isQuiet ? result : readAt(written)
      }
      const written = await ask(options)
      isQuiet = written.last === guessed?.last
      return readAt(written)
    },
    last: async (options = {}) => (lease.writtenIfHeld() ?? (await ask(options))).last,
    known: () => known,
    passed
  }
}
