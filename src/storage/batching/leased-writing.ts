import type { Clock } from '../../contracts/clock.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { defaultTimeout } from '../../network/time-limit.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { type BatchedWriter, createBatchedWriter } from './batched-writer.ts'
import { createConsistentThrough } from './consistent-through.ts'
import { createLease, defaultLease, type Lease, type LeaseOptions } from './lease.ts'
import type { LeaseTable } from './lease-record.ts'
import { createLeasedEngine, type LeasedEngine } from './leased-engine.ts'
import type { Snapshots } from './snapshots.ts'

/** The settings of every engine whose servers take turns at writing. */
export interface WritingOptions {
  readonly lease?: LeaseOptions | undefined
  /** Milliseconds. */
  readonly timeout?: number | undefined
  readonly writeDelay?: number | undefined
}

export interface LeasedWritingOptions<Version, OwnSnapshots extends Snapshots> {
  readonly clock: Clock
  readonly options: WritingOptions
  readonly leaseTable: LeaseTable<Version>
  /** The name of the target, for people. */
  readonly where: string
  /** No process has ever written to the target. */
  readonly isNew?: boolean
  snapshotsOf(lease: Lease): OwnSnapshots
  engineOf(lease: Lease): LeasedEngine
}

/** The half of a store that is the same where servers take turns at writing to a target. */
export interface LeasedWriting<OwnSnapshots extends Snapshots> {
  readonly snapshots: OwnSnapshots
  readonly writer: BatchedWriter
  consistentThrough(options?: CallOptions): Promise<Micros>
  /** Finishes what was accepted, and releases the lease. */
  close(): Promise<void>
}

export const createLeasedWriting = <Version, OwnSnapshots extends Snapshots>({
  clock,
  options: { lease: leaseOptions, timeout = defaultTimeout, writeDelay = 0 },
  leaseTable,
  where,
  isNew = false,
  snapshotsOf,
  engineOf
}: LeasedWritingOptions<Version, OwnSnapshots>): LeasedWriting<OwnSnapshots> => {
  const lease = createLease(leaseTable, clock, leaseOptions ?? { ...defaultLease, patience: timeout })
  const snapshots = snapshotsOf(lease)
  const engine = createLeasedEngine({ lease, clock, snapshots, engine: engineOf(lease), where, isNew })
  const writer = createBatchedWriter({ engine, clock, delay: writeDelay })
  return {
    snapshots,
    writer,
    consistentThrough: createConsistentThrough({ writer, clock, snapshots }),
    close: async () => {
      await writer.close()
      await engine.close()
    }
  }
}
