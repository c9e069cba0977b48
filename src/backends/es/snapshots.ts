import type { CallOptions } from '../../contracts/statement-store.ts'
import type { Lease } from '../../storage/batching/lease.ts'
import { freshRecord } from '../../storage/batching/lease-record.ts'
import {
  type Snapshots as AnySnapshots,
  createSnapshots as createSnapshotsOf
} from '../../storage/batching/snapshots.ts'
import type { Written } from '../../storage/batching/written.ts'
import { leaseOf, writtenIn } from './lease-table.ts'
import { type Got, multiGet, type WantedDocument } from './multi-get.ts'
import type { Refresher } from './refresher.ts'
import type { TargetIndices } from './target-indices.ts'

export interface DocumentSnapshots extends AnySnapshots {
  /** The latest documents, and how far the target is written. Some documents may be newer. */
  get(
    wanted: readonly WantedDocument[],
    options?: CallOptions
  ): Promise<{ readonly got: readonly Got[]; readonly written: Written }>
}

const writtenOf = (got: Got | undefined): Written => (got === undefined ? freshRecord : writtenIn(got))

/** Elasticsearch finds what was written only after a refresh. */
export const createSnapshots = (indices: TargetIndices, lease: Lease, refresher: Refresher): DocumentSnapshots => {
  const snapshots = createSnapshotsOf({
    lease,
    readWritten: async ({ signal }) => writtenOf((await multiGet(indices.connection, [leaseOf(indices)], signal))[0]),
    makeReadable: () => refresher.refresh()
  })
  return {
    ...snapshots,
    get: async (wanted, { signal } = {}) => {
      const held = lease.writtenIfHeld()
      if (held !== undefined) return { got: await multiGet(indices.connection, wanted, signal), written: held }
      const [first, ...got] = await multiGet(indices.connection, [leaseOf(indices), ...wanted], signal)
      const written = writtenOf(first)
      snapshots.passed(written.last)
      return { got, written }
    }
  }
}
