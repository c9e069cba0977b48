import { randomUUID } from 'node:crypto'
import type { Clock } from '../../contracts/clock.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { LeaseRecord, LeaseTable, VersionedRecord } from './lease-record.ts'
import type { Gap } from './written.ts'

/** The number of renewals within the time to live. */
export const signs = 5

/** The record of the lease, while this process holds it. */
export const createOwnRecord = <Version>(table: LeaseTable<Version>, clock: Clock, timeToLive: number) => {
  /** Microseconds. The record says in advance that batches up to this much later may be written, as long as it is valid. */
  const ahead = timeToLive * 1000
  const self = randomUUID()
  let held: VersionedRecord<Version> | undefined
  /** When the last successful write of the record began, by the monotonic clock. */
  let renewed = Number.NEGATIVE_INFINITY
  let forgotten: readonly Gap[] = []

  const put = async (record: LeaseRecord, version: Version | undefined): Promise<boolean> => {
    const start = performance.now()
    const written = await table.write(record, version)
    if (written === undefined) return false
    held = { record, version: written }
    renewed = start
    return true
  }

  const isForgotten = (gap: Gap): boolean => forgotten.some(({ through }) => through === gap.through)

  /** Renews the lease, and allows what is written until the next renewal. */
  const renewedRecord = (record: LeaseRecord, time: Micros): LeaseRecord => ({
    ...record,
    through: Math.max(record.through ?? 0, record.last, time, clock() + ahead),
    gaps: record.gaps.filter((gap) => !isForgotten(gap))
  })

  /** Writes the record while it is ours. Meanwhile another server may have registered as waiting. */
  const putHeld = async (change: (record: LeaseRecord) => LeaseRecord): Promise<boolean> => {
    for (let present = held; present?.record.holder === self; present = await table.read()) {
      if (await put(change(present.record), present.version)) return true
    }
    held = undefined
    return false
  }

  return {
    self,
    /** Undefined: this process does not hold the lease, or does not know whether it does. */
    held: () => held?.record,
    drop: () => {
      held = undefined
    },
    isFresh: () => performance.now() - renewed < timeToLive / 2,
    /** Milliseconds until the next renewal. */
    renewalIn: () => Math.max(0, renewed + timeToLive / signs - performance.now()),
    put,
    putHeld,
    renewedRecord,
    renew: (time: Micros = 0) => putHeld((record) => renewedRecord(record, time)),
    forget: (gaps: readonly Gap[]) => {
      forgotten = gaps
    }
  }
}

export type OwnRecord<Version> = ReturnType<typeof createOwnRecord<Version>>
