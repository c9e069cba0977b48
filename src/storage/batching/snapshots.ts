import type { CallOptions } from '../../contracts/statement-store.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Lease } from './lease.ts'
import type { Written } from './written.ts'

/** Reads that see every batch completely or not at all. They see all that any server acknowledged before they began. */
export interface Snapshots {
  /** `work` reads what was written so far. It may be called twice; then its last result counts. */
  read<Result>(work: (written: Written) => Promise<Result>, options?: CallOptions): Promise<Result>
  /** The time up to which it is written. */
  last(options?: CallOptions): Promise<Micros>
  /** The latest known time up to which everything is written. */
  known(): Micros
  /** Notes that everything up to `last` is written. */
  passed(last: Micros): void
}

export interface SnapshotsOptions {
  readonly lease: Pick<Lease, 'writtenIfHeld'>
  /** Reads from the record of the lease up to when it is written. */
  readWritten(options: CallOptions): Promise<Written>
  /** For an engine that does not find at once what was written. Afterwards it finds all of it. */
  makeReadable?(): Promise<void>
}

export const createSnapshots = ({ lease, readWritten, makeReadable }: SnapshotsOptions): Snapshots => {
  let known: Micros = Number.NEGATIVE_INFINITY
  /** Everything up to this can be read. Undefined: this process has not read yet. */
  let readable: Written | undefined
  /** Whether it is likely that nobody has written meanwhile. */
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
        // Asked at the same time as the query itself. If this is still the last time, everything up to it was there before the query. It
        // also moves when a writer is taken for dead.
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
