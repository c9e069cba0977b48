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
  /** A holder that shows no sign of life for so long is taken for dead; it gives one five times as often. */
  readonly timeToLive: number
  /** One who would write waits so long for others to make way. */
  readonly patience: number
  /** An idle holder keeps the lease for so long, as long as nobody wants it. */
  readonly linger: number
}

export const defaultLease: LeaseOptions = { timeToLive: 2500, patience: 10_000, linger: 250 }

/** What one who may write should know. */
export interface Held extends Written {
  /** Nobody else has written since this process did. */
  readonly undisturbed: boolean
  /** Somebody else held it, and did not let go: what it was writing may be there in part. */
  readonly seized: boolean
  /** The gap that this made: nothing in it was ever committed, by whomever. */
  readonly made: Gap | undefined
}

/**
 * The right to write, of one process among several. Clocks of other machines are not believed: a holder is dead when its
 * record has not changed for the time to live, measured here.
 *
 * It may be taken for dead and live: its event loop, its machine or the engine was held up. Nothing depends on when that
 * happens, because of three things. The record says beforehand up to which batch its holder writes (`through`). Who takes
 * over writes down, in the same step, that no batch between `last` and `through` counts (a gap), and begins behind them.
 * And a commit is a compare-and-set of the record. So a late writer commits nothing, and whatever it writes late is
 * hidden from the moment on from which somebody else could commit. It is told `lost`, and goes on with its next session.
 *
 * Its calls must follow each other.
 */
export interface Lease {
  /** `STORE_UNAVAILABLE` when others do not make way. */
  acquire(): Promise<Held>
  /**
   * Before each request that writes. `STORE_UNAVAILABLE` when somebody has taken over: who was held up asks the record.
   */
  requireHeld(): Promise<void>
  /** Before a batch is written: resolves when the record says that there may be a batch at this time. */
  reach(time: Micros): Promise<void>
  /**
   * Says that all up to `last` is written. `STORE_UNAVAILABLE` when the lease was lost meanwhile: then nothing that
   * was written under it counts.
   */
  commit(last: Micros): Promise<void>
  /** For readers: how far the record says it is written, while nobody else can have changed it; undefined: read it. */
  writtenIfHeld(): Written | undefined
  /** The record need not tell of these any longer: all that was in them was taken back. */
  forget(gaps: readonly Gap[]): void
  /** After a session: lets go if somebody waits, else soon. */
  pause(): Promise<void>
  /** Lets go at once. */
  release(): Promise<void>
  /**
   * Writes no more, but does not let go either: whoever is next finds it seized, or is this process, and sees to what
   * was left half done.
   */
  abandon(): void
  /** Told apart from all other holders. */
  readonly self: string
}

/** How often one who waits looks again. */
const interval = 10
/** Signs of life within the time to live. */
const signs = 5
/** One who waits to be next, and does not come in this time, is not waited for. */
const courtesy = 200

const lost = (): RalphError =>
  new RalphError('STORE_UNAVAILABLE', 'another server has taken over writing: send the request again', {
    retryAfter: 1,
    lost: true
  })

/** Whether a commit was refused: what was written before it does not count, and never will. */
export const isLost = (error: unknown): boolean => error instanceof RalphError && error.details.lost === true

export const createLease = <Version>(
  table: LeaseTable<Version>,
  clock: Clock,
  options: LeaseOptions = defaultLease
): Lease => {
  const { timeToLive, patience, linger } = options
  /** Microseconds for which a record says beforehand what may be written: as long as it is believed. */
  const ahead = timeToLive * 1000
  const self = randomUUID()
  let held: VersionedRecord<Version> | undefined
  /** When the latest write of the record that succeeded was begun, by the monotonic clock. */
  let renewed = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let tail: Promise<unknown> = Promise.resolve()
  let lettingGo = false
  let forgotten: readonly Gap[] = []
  /** The latest batch that was begun here. */
  let reached: Micros = 0
  /** Counts what the holder does: a timer of what it did before has no say. */
  let doing = 0

  /** Renewing and letting go happen beside the calls of the holder: the record is written by one of them at a time. */
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

  /** A sign of life, and room for what is written until the next one. */
  const renewedRecord = (record: LeaseRecord, time: Micros): LeaseRecord => ({
    ...record,
    through: Math.max(record.through ?? 0, record.last, time, clock() + ahead),
    gaps: record.gaps.filter((gap) => !isForgotten(gap))
  })

  /** Writes the record while it is ours; somebody may have put themselves down as waiting in between. */
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
      // Who fails to renew or to let go finds out when it writes, and others when nothing changes any more.
      inTurn(work).catch(() => {})
    }, milliseconds)
    timer.unref()
  }

  const renew = (time: Micros = 0): Promise<boolean> => putHeld((record) => renewedRecord(record, time))

  /** Until the holder does something else: it pauses, or lets go. */
  const keepAlive = (milliseconds = Math.max(0, renewed + timeToLive / signs - performance.now())): void => {
    const own = doing
    later(milliseconds, async () => {
      if (own !== doing) return
      const isHeld = await renew().catch(() => undefined)
      // Tried again after a failure as well: a request may get lost.
      if (isHeld !== false && own === doing) keepAlive(isHeld === undefined ? timeToLive / signs : undefined)
    })
  }

  /** What was seen of the record, since when it was not changed, and how slow the engine was to show it. */
  let seen: { version: string; since: number; slowest: number } | undefined

  /** Milliseconds for which the holder has given no sign of life, of those in which one could have been seen. */
  const silence = (present: VersionedRecord<Version> | undefined, asked: number): number => {
    const now = performance.now()
    const version = JSON.stringify(present?.version) ?? ''
    if (seen?.version !== version) seen = { version, since: now, slowest: 0 }
    seen.slowest = Math.max(seen.slowest, now - asked)
    // An engine that takes its time to answer us does so to the holder, too.
    return now - seen.since - Math.min(2 * seen.slowest, 2 * timeToLive)
  }

  /** Up to when whoever holds the record may have written. */
  const throughOf = ({ holder, last, through = clock() }: LeaseRecord): Micros =>
    Math.max(last, holder === self ? reached : through)

  /** Follows the record until it may be taken. */
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
      // Two that wait in step would meet for ever.
      await setTimeout(randomInt(interval / 2, interval * 1.5))
    }
  }

  return {
    acquire: () => {
      doing += 1
      clearTimeout(timer)
      return inTurn(async () => {
        // Who was held up, and was not taken for dead, goes on.
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
          // Whether it was written nobody knows: it is read before anything is built upon it.
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
