import type { CallOptions } from '../../contracts/statement-store.ts'
import type { Lease } from '../../rounds/lease.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { lastIn, leaseOf } from './lease-table.ts'
import { type Got, multiGet, type Wanted } from './multi-get.ts'
import type { Refresher } from './refresher.ts'
import type { Tables } from './tables.ts'

/**
 * Reads that see every round whole or not at all, and all that was acknowledged before they began, by whichever server,
 * on an engine that finds what was written only after a refresh.
 */
export interface Snapshots {
  /** `work` searches what was written up to and including `last`; it may be called twice, and its last result counts. */
  search<Result>(work: (last: Micros) => Promise<Result>, options?: CallOptions): Promise<Result>
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
  ): Promise<{ readonly got: readonly Got[]; readonly last: Micros }>
}

export const createSnapshots = (tables: Tables, lease: Lease, refresher: Refresher): Snapshots => {
  /** Searches find all that was written up to this. */
  let searchable: Micros = Number.NEGATIVE_INFINITY
  /** Whether it is worth guessing that nobody has written. */
  let isQuiet = false

  let known: Micros = Number.NEGATIVE_INFINITY

  const passed = (last: Micros): void => {
    known = Math.max(known, last)
  }

  const heard = (got: Got | undefined): Micros => {
    const last = got === undefined ? 0 : lastIn(got)
    passed(last)
    return last
  }

  const readLast = async ({ signal }: CallOptions): Promise<Micros> => {
    const held = lease.lastIfHeld()
    if (held !== undefined) return held
    const [got] = await multiGet(tables.connection, [leaseOf(tables)], signal)
    return heard(got)
  }

  const makeSearchable = async (last: Micros): Promise<void> => {
    if (last <= searchable) return
    await refresher.refresh()
    searchable = Math.max(searchable, last)
  }

  return {
    last: (options = {}) => readLast(options),
    known: () => known,
    passed,
    search: async (work, options = {}) => {
      if (isQuiet && searchable > Number.NEGATIVE_INFINITY) {
        // Where this is still the last, everything up to it was searchable before the question was asked.
        const guessed = searchable
        const [last, result] = await Promise.all([readLast(options), work(guessed)])
        if (last === guessed) return result
        isQuiet = false
        await makeSearchable(last)
        options.signal?.throwIfAborted()
        return work(last)
      }
      const last = await readLast(options)
      isQuiet = last === searchable
      await makeSearchable(last)
      options.signal?.throwIfAborted()
      return work(last)
    },
    get: async (wanted, { signal } = {}) => {
      const held = lease.lastIfHeld()
      if (held !== undefined) return { got: await multiGet(tables.connection, wanted, signal), last: held }
      const [first, ...got] = await multiGet(tables.connection, [leaseOf(tables), ...wanted], signal)
      return { got, last: heard(first) }
    }
  }
}
