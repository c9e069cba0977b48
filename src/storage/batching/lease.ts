import { randomInt, randomUUID } from 'node:crypto'
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

export const defaultLease: LeaseOptions = { timeToLive: 2500, patience: 10_000, linger: 250 }

/** What the holder of the lease should know. */
export interface Held extends Written {
  /** No other process has written since this one did. */
  readonly undisturbed: boolean
  /** Another process held the lease and did not release it. A part of its last batch may be stored. */
  readonly seized: boolean
  /** The gap that this made. Nothing in it was or will be committed, by any process. */
  readonly made: Gap | undefined
}

/**
 * The right to write, for one of several processes. Clocks of other machines are not trusted: a holder is dead if its record has not
 * changed for the time to live, measured here.
 *
 * A holder may be taken for dead although it lives: its event loop, its machine or the engine was slow. Three things make this safe at any
 * time. First, the record says in advance up to which batch its holder writes (`through`). Second, a server that takes over writes down, in
 * the same step, that no batch between `last` and `through` counts (a gap), and begins after them. Third, a commit is a compare-and-set of
 * the record. So a late writer commits nothing, and what it writes late is hidden from the moment when another server could commit. It gets
 * `lost`, and continues with its next session.
 *
 * Its calls must follow each other.
 */
export interface Lease {
  /** Rejects with `STORE_UNAVAILABLE` if the others do not release the lease. */
  acquire(): Promise<Held>
  /**
   * Call it before each request that writes. Rejects with `STORE_UNAVAILABLE` if another process has taken over. A holder that was slow
   * reads the record first.
   */
  requireHeld(): Promise<void>
  /** Call it before a batch is written. Resolves when the record allows a batch at this time. */
  reach(time: Micros): Promise<void>
  /**
   * Records that everything up to `last` is written. Rejects with `STORE_UNAVAILABLE` if the lease was lost; then nothing that was written
   * under it counts.
   */
  commit(last: Micros): Promise<void>
  /** For readers: up to when the record says it is written, while no other process can have changed it. Undefined: read the record. */
  writtenIfHeld(): Written | undefined
  /** Removes gaps from the record after all that was in them was taken back. */
  forget(gaps: readonly Gap[]): void
  /** Call it after a session. Releases the lease at once if a server waits, otherwise soon. */
  pause(): Promise<void>
  /** Releases the lease at once. */
  release(): Promise<void>
  /**
   * Writes no more, but does not release the lease. The next holder finds it seized, or is this process, and cleans up what was left
   * unfinished.
   */
  abandon(): void
  /** Identifies this holder. */
  readonly self: string
}

/** Milliseconds between two looks of a server that waits. */
const interval = 10
/** The number of renewals within the time to live. */
const signs = 5
/** Milliseconds. A server that wants to be next, and does not come in this time, is no longer waited for. */
const courtesy = 200

const lost = (): RalphError =>
  new RalphError('STORE_UNAVAILABLE', 'another server has taken over writing: send the request again', {
    retryAfter: 1,
    lost: true
  })

/** Whether a commit was refused. What was written before it will never count. */
export const isLost = (error: unknown): boolean => error instanceof RalphError && error.details.lost === true

export const createLease = <Version>(
  table: LeaseTable<Version>,
  clock: Clock,
  options: LeaseOptions = defaultLease
): Lease => {
  const { timeToLive, patience, linger } = options
  /** Microseconds. The record says in advance that batches up to this much later may be written, as long as it is valid. */
  const ahead = timeToLive * 1000
  const self = randomUUID()
  let held: VersionedRecord<Version> | undefined
  /** When the last successful write of the record began, by the monotonic clock. */
  let renewed = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let tail: Promise<unknown> = Promise.resolve()
  let lettingGo = false
  let forgotten: readonly Gap[] = []
  /** The latest batch that was begun here. */
  let reached: Micros = 0
  /** Counts what the holder does. Timers of an earlier action have no effect. */
  let doing = 0

  /** Renewing and releasing happen beside the calls of the holder. Only one of them writes the record at a time. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = tail.then(work, work)
    tail = result.catch(() => {})
    return result
  }

  const isFresh = (): boolean => performance.now() - renewed < timeToLive / 2

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

  const letGo = async (): Promise<void> => {
    if (held === undefined) return
    lettingGo = true
    try {
      // All that was begun is committed, or was taken back.
      await putHeld((record) => ({ ...record, holder: undefined, through: record.last }))
    } finally {
      lettingGo = false
      held = undefined
    }
  }

  const later = (milliseconds: number, work: () => Promise<unknown>): void => {
    clearTimeout(timer)
    timer = globalThis.setTimeout(() => {
      // If renewing or releasing fails, the holder notices when it writes, and the others when the record no longer changes.
      inTurn(work).catch(() => {})
    }, milliseconds)
    timer.unref()
  }

  const renew = (time: Micros = 0): Promise<boolean> => putHeld((record) => renewedRecord(record, time))

  /** Until the holder does something else: it pauses, or releases. */
  const keepAlive = (milliseconds = Math.max(0, renewed + timeToLive / signs - performance.now())): void => {
    const own = doing
    later(milliseconds, async () => {
      if (own !== doing) return
      const isHeld = await renew().catch(() => undefined)
      // Tried again after a failure too, because a request may get lost.
      if (isHeld !== false && own === doing) keepAlive(isHeld === undefined ? timeToLive / signs : undefined)
    })
  }

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
    Math.max(last, holder === self ? reached : through)

  /** Watches the record until it may be taken. */
  const contend = async (): Promise<Held> => {
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
        const next = renewedRecord(takenOver(record, self, throughOf(record)), 0)
        if (await put(next, present?.version)) {
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

  return {
    acquire: () => {
      doing += 1
      clearTimeout(timer)
      return inTurn(async () => {
        // A holder that was slow, but was not taken for dead, continues.
        if (held !== undefined && (isFresh() || (await renew()))) {
          const { last, gaps, writer } = held.record
          keepAlive()
          return { last, gaps, undisturbed: writer === self, seized: false, made: undefined }
        }
        held = undefined
        const taken = await contend()
        keepAlive()
        return taken
      })
    },
    requireHeld: async () => {
      if (held !== undefined && isFresh()) return
      if (!(await inTurn(() => renew()))) throw lost()
    },
    reach: async (time) => {
      reached = Math.max(reached, time)
      if (held !== undefined && time <= (held.record.through ?? 0)) return
      if (!(await inTurn(() => renew(time)))) throw lost()
    },
    commit: (last) =>
      inTurn(async () => {
        try {
          if (!(await putHeld((record) => ({ ...renewedRecord(record, last), last, writer: self })))) throw lost()
        } catch (error) {
          // Nobody knows whether it was written, so it is read before anything depends on it.
          held = undefined
          throw error
        }
      }),
    writtenIfHeld: () => (held !== undefined && !lettingGo && isFresh() ? held.record : undefined),
    forget: (gaps) => {
      forgotten = gaps
    },
    pause: async () => {
      doing += 1
      clearTimeout(timer)
      if (held === undefined) return
      if (held.record.wanted === undefined) later(linger, letGo)
      else await inTurn(letGo)
    },
    release: () => {
      doing += 1
      clearTimeout(timer)
      return inTurn(letGo)
    },
    abandon: () => {
      doing += 1
      clearTimeout(timer)
      held = undefined
    },
    self
  }
}
