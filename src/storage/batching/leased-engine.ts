import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { BatchEngine, WriteBatch, WriteSession } from './engine.ts'
import { isLost, type Lease } from './lease.ts'
import type { Snapshots } from './snapshots.ts'
import { type Gap, oldGaps, type Written } from './written.ts'

/** What an engine without transactions does for the holder of the lease. */
export interface LeasedEngine {
  beginSession(start: SessionStart): LeasedSession
  /**
   * Takes back all that was written and never committed, by whichever process. May be repeated. `made` is a gap that is
   * new.
   */
  undo(written: Written, made: Gap | undefined): Promise<void>
  /**
   * Whether the database has refused what a batch says, and has answered all else: then it is taken back at once. Left
   * out: the next session takes it back.
   */
  hasRefused?(error: unknown): boolean
}

export interface SessionStart {
  readonly written: Written
  readonly undisturbed: boolean
  /**
   * Something was found that does not count, of a writer that was taken for dead. It is taken back before the next
   * session. The error is for this one.
   */
  foundLate(): RalphError
}

export interface LeasedSession extends Pick<WriteSession, 'lookUp' | 'describe'> {
  /** Throws for a batch that it cannot write, before anything of it is written. `at`: the time of the batch. */
  plan(batch: WriteBatch, at: Micros): PlannedBatch
}

export interface PlannedBatch {
  /** Writes all of it. Nothing is under way any more when it rejects. */
  send(): Promise<void>
  /** It is committed. */
  committed?(): void
  /** Another process has taken over in between, which may not have found what was sent: takes it back. */
  takeBack(): Promise<void>
}

/** Somebody else has written what a session had looked up: it does not hold the lease any more. */
export const disturbed = (where: string, cause?: unknown): RalphError => {
  const message = `somebody else writes to ${where}, too: send the request again`
  return new RalphError('STORE_UNAVAILABLE', message, { retryAfter: 1 }, { cause })
}

export interface LeasedEngineOptions {
  readonly lease: Lease
  readonly clock: Clock
  readonly snapshots: Pick<Snapshots, 'passed'>
  readonly engine: LeasedEngine
  /** What is written to, for people. */
  readonly where: string
  /** Nobody has ever written to the target. */
  readonly isNew: boolean
}

/**
 * Writes batches without transactions: one process at a time (the lease), and unseen by all readers, which look no
 * further than the `last` of the lease, until that is moved, as the batch's last act. A batch that does not come so far
 * is taken back by whoever is next.
 */
export const createLeasedEngine = (options: LeasedEngineOptions): BatchEngine & { close(): Promise<void> } => {
  const { lease, clock, snapshots, engine, where, isNew } = options
  /** Something may be there that was never committed. What a process before this one has left is found, too. */
  let isDoubtful = !isNew

  const undo = async (written: Written, made: Gap | undefined): Promise<void> => {
    await engine.undo(written, made)
    isDoubtful = false
  }

  /** Whoever is next finds a lease that could not be let go unchanged for too long, and takes it. */
  const leave = async (letGo: () => Promise<void>): Promise<void> => {
    if (isDoubtful) lease.abandon()
    else await letGo().catch(() => {})
  }

  const createSession = (written: Written, undisturbed: boolean): WriteSession => {
    const { last } = written
    let isRefused = false
    const foundLate = (): RalphError => {
      isDoubtful = true
      return disturbed(where)
    }
    const { lookUp, describe, plan } = engine.beginSession({ written, undisturbed, foundLate })

    const write = async (batch: WriteBatch): Promise<void> => {
      // Also where statements keep the `stored` of another store: each batch has a time of its own.
      const at = Math.max(batch.last, last + 1)
      const planned = plan(batch, at)
      // Planning may have taken its time.
      await lease.requireHeld()
      await lease.reach(at)
      isDoubtful = true
      await planned.send()
      try {
        await lease.commit(at)
      } catch (error) {
        if (isLost(error)) await planned.takeBack()
        throw error
      }
      isDoubtful = false
      planned.committed?.()
      snapshots.passed(at)
    }

    return {
      last,
      undisturbed,
      unfinished: [],
      lookUp,
      describe,
      write: async (batch) => {
        try {
          await write(batch)
        } catch (error) {
          isRefused = engine.hasRefused?.(error) === true
          throw error
        }
      },
      end: async () => {
        // Whoever is next does it where this fails.
        if (isDoubtful && isRefused) await undo(written, undefined).catch(() => {})
        await leave(lease.pause)
      }
    }
  }

  return {
    begin: async () => {
      const { undisturbed, seized, made, ...written } = await lease.acquire()
      const old = oldGaps(written, clock())
      if (seized || isDoubtful || old.length > 0) {
        isDoubtful = true
        await undo(written, made).catch((error: unknown) => {
          lease.abandon()
          throw error
        })
      }
      lease.forget(old)
      snapshots.passed(written.last)
      return createSession(written, undisturbed)
    },
    close: () => leave(lease.release)
  }
}
