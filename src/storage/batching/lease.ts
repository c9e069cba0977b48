import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { createContender, type Held, type LeaseOptions } from './lease-contender.ts'
import type { LeaseTable } from './lease-record.ts'
import { createOwnRecord, signs } from './own-lease-record.ts'
import type { Gap, Written } from './written.ts'

export type { Held, LeaseOptions }

export const defaultLease: LeaseOptions = { timeToLive: 2500, patience: 10_000, linger: 250 }

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
  const { timeToLive, linger } = options
  const own = createOwnRecord(table, clock, timeToLive)
  let timer: NodeJS.Timeout | undefined
  let tail: Promise<unknown> = Promise.resolve()
  let lettingGo = false
  /** The latest batch that was begun here. */
  let reached: Micros = 0
  /** Counts what the holder does. Timers of an earlier action have no effect. */
  let doing = 0
  const contend = createContender({ table, clock, own, reached: () => reached }, options)

  /** Renewing and releasing happen beside the calls of the holder. Only one of them writes the record at a time. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = tail.then(work, work)
    tail = result.catch(() => {})
    return result
  }

  const letGo = async (): Promise<void> => {
    if (own.held() === undefined) return
    lettingGo = true
    try {
      // All that was begun is committed, or was taken back.
      await own.putHeld((record) => ({ ...record, holder: undefined, through: record.last }))
    } finally {
      lettingGo = false
      own.drop()
    }
  }

  const later = (milliseconds: number, work: () => Promise<unknown>): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      // If renewing or releasing fails, the holder notices when it writes, and the others when the record no longer changes.
      inTurn(work).catch(() => {})
    }, milliseconds)
    timer.unref()
  }

  /** Until the holder does something else: it pauses, or releases. */
  const keepAlive = (milliseconds = own.renewalIn()): void => {
    const action = doing
    later(milliseconds, async () => {
      if (action !== doing) return
      const isHeld = await own.renew().catch(() => undefined)
      // Tried again after a failure too, because a request may get lost.
      if (isHeld !== false && action === doing) keepAlive(isHeld === undefined ? timeToLive / signs : undefined)
    })
  }

  return {
    acquire: () => {
      doing += 1
      clearTimeout(timer)
      return inTurn(async () => {
        // A holder that was slow, but was not taken for dead, continues.
        const isOurs = own.held() !== undefined && (own.isFresh() || (await own.renew()))
        const held = own.held()
        if (isOurs && held !== undefined) {
          const { last, gaps, writer } = held
          keepAlive()
          return { last, gaps, undisturbed: writer === own.self, seized: false, made: undefined }
        }
        own.drop()
        const taken = await contend()
        keepAlive()
        return taken
      })
    },
    requireHeld: async () => {
      if (own.held() !== undefined && own.isFresh()) return
      if (!(await inTurn(() => own.renew()))) throw lost()
    },
    reach: async (time) => {
      reached = Math.max(reached, time)
      const held = own.held()
      if (held !== undefined && time <= (held.through ?? 0)) return
      if (!(await inTurn(() => own.renew(time)))) throw lost()
    },
    commit: (last) =>
      inTurn(async () => {
        try {
          if (!(await own.putHeld((record) => ({ ...own.renewedRecord(record, last), last, writer: own.self }))))
            throw lost()
        } catch (error) {
          // Nobody knows whether it was written, so it is read before anything depends on it.
          own.drop()
          throw error
        }
      }),
    writtenIfHeld: () => (!lettingGo && own.isFresh() ? own.held() : undefined),
    forget: own.forget,
    pause: async () => {
      doing += 1
      clearTimeout(timer)
      const held = own.held()
      if (held === undefined) return
      if (held.wanted === undefined) later(linger, letGo)
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
      own.drop()
    },
    self: own.self
  }
}
