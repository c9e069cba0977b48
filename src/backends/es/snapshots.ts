import type { CallOptions } from '../../contracts/statement-store.ts'
import type { Lease } from '../../storage/batching/lease.ts'
import { freshRecord } from '../../storage/batching/lease-record.ts'
import {
  type Snapshots as AnySnapshots,
  createSnapshots as createSnapshotsOf
} from '../../storage/batching/snapshots.ts'
import type { Written } from '../../storage/batching/written.ts'
import { leaseOf, writtenIn } from './lease-table.ts'
import { type Got, multiGet, type Wanted } from './multi-get.ts'
import type { Refresher } from './refresher.ts'
import type { Tables } from './tables.ts'

export interface Snapshots extends AnySnapshots {
  /** Documents as they are now, and how far it is written; some may be written further. */
  get(
    wanted: readonly Wanted[],
    options?: CallOptions
  ): Promise<{ readonly got: readonly Got[]; readonly written: Written }>
}

const writtenOf = (got: Got | undefined): Written => (got === undefined ? freshRecord : writtenIn(got))

/** Elasticsearch finds what was written after a refresh. */
export const createSnapshots = (tables: Tables, lease: Lease, refresher: Refresher): Snapshots => {
  const snapshots = createSnapshotsOf({
    lease,
    readWritten: async ({ signal }) => writtenOf((await multiGet(tables.connection, [leaseOf(tables)], signal))[0]),
    makeReadable: () => refresher.refresh()
  })
  return {
    ...snapshots,
    get: async (wanted, { signal } = {}) => {
      const held = lease.writtenIfHeld()
      if (held !== undefined) return { got: await multiGet(tables.connection, wanted, signal), written: held }
      const [first, ...got] = await multiGet(tables.connection, [leaseOf(tables), ...wanted], signal)
      const written = writtenOf(first)
      snapshots.passed(written.last)
      return { got, written }
    }
  }
}
