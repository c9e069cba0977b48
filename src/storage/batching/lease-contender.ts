import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import {
  formerTimeToLive,
  freshRecord,
  type LeaseRecord,
  type LeaseTable,
  takenOver,
  type VersionedRecord
} from './lease-record.ts'
import type { OwnRecord } from './own-lease-record.ts'
import type { Gap, Written } from './written.ts'

/** All in milliseconds. */
export interface LeaseOptions {
  /** A holder whose record does not change for this long is taken for dead. It renews its record five times as often. */
  readonly timeToLive: number
  /** How long a server waits for others to release the lease. */
  readonly patience: number
  /** How long an idle holder keeps the lease, if no other server wants it. */
  readonly linger: number
}

/** What the holder of the lease should know. */
export interface Held extends Written {
  /** No other process has written since this one did. */
  readonly undisturbed: boolean
  /** Another process held the lease and did not release it. A part of its last batch may be stored. */
  readonly seized: boolean
  /** The gap that this made. Nothing in it was or will be committed, by any process. */
  readonly made: Gap | undefined
}

/** Milliseconds between two looks of a server that waits. */
const interval = 10
/** Milliseconds. A server that wants to be next, and does not come in this time, is no longer waited for. */
const courtesy = 200

export interface ContenderOptions<Version> {
  readonly table: LeaseTable<Version>
  readonly clock: Clock
  readonly own: OwnRecord<Version>
  /** The latest batch that was begun here. */
  reached(): Micros
}

/** Watches the record of other holders until it may be taken, and takes it. */
export const createContender = <Version>(
  { table, clock, own, reached }: ContenderOptions<Version>,
  { timeToLive, patience }: LeaseOptions
): (() => Promise<Held>) => {
  const { self } = own

  /** What was seen of the record, since when it has not changed, and how slow the engine was to show it. */
  let seen: { version: string; since: number; slowest: number } | undefined

  /** Milliseconds for which the holder has not renewed, counting only time in which a renewal could have been seen. */
  const silence = (present: VersionedRecord<Version> | undefined, asked: number): number => {
    const now = performance.now()
    const version = JSON.stringify(present?.version) ?? ''
    if (seen?.version !== version) seen = { version, since: now, slowest: 0 }
    seen.slowest = Math.max(seen.slowest, now - asked)
    // An engine that is slow for us is also slow for the holder.
    return now - seen.since - Math.min(2 * seen.slowest, 2 * timeToLive)
  }

  /** The time up to which the holder of the record may have written. */
  const throughOf = ({ holder, last, through = clock() }: LeaseRecord): Micros =>
    Math.max(last, holder === self ? reached() : through)

  return async () => {
    const end = performance.now() + patience
    for (;;) {
      const asked = performance.now()
      const present = await table.read()
      const record = present?.record ?? freshRecord
      const unchanged = silence(present, asked)
      const isFree = record.holder === undefined || record.holder === self
      const isOurTurn = record.wanted === undefined || record.wanted === self || unchanged >= courtesy
      const isDead = unchanged >= (record.through === undefined ? formerTimeToLive : timeToLive)
      if ((isFree && isOurTurn) || isDead) {
        const next = own.renewedRecord(takenOver(record, self, throughOf(record)), 0)
        if (await own.put(next, present?.version)) {
          const { last, gaps } = next
          const made = last > record.last ? gaps.at(-1) : undefined
          return { last, gaps, undisturbed: record.writer === self, seized: !isFree, made }
        }
        continue
      }
      if (performance.now() > end) {
        const message = 'another server is writing for too long: send the request again'
        throw new RalphError('STORE_UNAVAILABLE', message, { retryAfter: 1, setting: 'TIMEOUT' })
      }
      if (record.wanted === undefined) await table.write({ ...record, wanted: self }, present?.version)
      // Two servers that wait in step would collide for ever.
      await setTimeout(randomInt(interval / 2, interval * 1.5))
    }
  }
}
