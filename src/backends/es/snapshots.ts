import type { CallOptions } from '../../contracts/statement-store.ts'
import type { Lease } from '../../storage/batching/lease.ts'
import { freshRecord } from '../../storage/batching/lease-record.ts'
import type { Written } from '../../storage/batching/written.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { leaseOf, writtenIn } from './lease-table.ts'
import { type Got, multiGet, type Wanted } from './multi-get.ts'
import type { Refresher } from './refresher.ts'
import type { Tables } from './tables.ts'

/**
 * Reads that see every batch whole or not at all, and all that was acknowledged before they began, by whichever server,
 * on an engine that finds what was written only after a refresh.
 */
export interface Snapshots {
  /** `work` searches what was written so far; it may be called twice, and its last result counts. */
  search<Result>(work: (written: Written) => Promise<Result>, options?: CallOptions): Promise<Result>
  /** How far it is written. */
  last(options?: CallOptions): Promise<Micros>
  /** All up to this is written: the latest time that this process has heard of. */
  known(): Micros
  /** This process has written all up to `last`. */
  passed(last: Micros): void
  /** Documents as they are now, and how far it is written; some may be written further. */
  get(
    wanted: readonly Wanted[],
    options?: CallOptions
  ): Promise<{ readonly got: readonly Got[]; readonly written: Written }>
}

export const createSnapshots = (tables: Tables, lease: Lease, refresher: Refresher): Snapshots => {
  /** Searches find all that was written up to this; undefined: nobody has made anything searchable yet. */
  let searchable: Written | undefined
  /** Whether it is worth guessing that nobody has written. */
  let isQuiet = false

  let known: Micros = Number.NEGATIVE_INFINITY

  const passed = (last: Micros): void => {
    known = Math.max(known, last)
  }

  const heard = (got: Got | undefined): Written => {
    const written = got === undefined ? freshRecord : writtenIn(got)
    passed(written.last)
    return written
  }

  const readWritten = async ({ signal }: CallOptions): Promise<Written> => {
    const held = lease.writtenIfHeld()
    if (held !== undefined) return held
    const [got] = await multiGet(tables.connection, [leaseOf(tables)], signal)
    return heard(got)
  }

  const makeSearchable = async (written: Written): Promise<void> => {
    if (searchable !== undefined && written.last <= searchable.last) return
    await refresher.refresh()
    if (searchable === undefined || written.last > searchable.last) searchable = written
  }

  return {
    last: async (options = {}) => (await readWritten(options)).last,
    known: () => known,
    passed,
    search: async (work, options = {}) => {
      const guessed = isQuiet ? searchable : undefined
      if (guessed !== undefined) {
        // Where this is still the last, everything up to it was searchable before the question was asked. A writer that
        // was taken for dead moved it, too.
        const [written, result] = await Promise.all([readWritten(options), work(guessed)])
        if (written.last === guessed.last) return result
        isQuiet = false
        await makeSearchable(written)
        options.signal?.throwIfAborted()
        return work(written)
      }
      const written = await readWritten(options)
      isQuiet = written.last === searchable?.last
      await makeSearchable(written)
      options.signal?.throwIfAborted()
      return work(written)
    },
    get: async (wanted, { signal } = {}) => {
      const held = lease.writtenIfHeld()
      if (held !== undefined) return { got: await multiGet(tables.connection, wanted, signal), written: held }
      const [first, ...got] = await multiGet(tables.connection, [leaseOf(tables), ...wanted], signal)
      return { got, written: heard(first) }
    }
  }
}
