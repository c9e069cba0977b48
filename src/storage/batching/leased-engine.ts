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
  /** Takes back all that was written and never committed, by any process. It may be repeated. `made` is a new gap. */
  undo(written: Written, made: Gap | undefined): Promise<void>
  /**
   * Whether the database has refused the content of a batch, and has answered everything else. Then it is taken back at once. Without this,
   * the next session takes it back.
   */
  hasRefused?(error: unknown): boolean
}

export interface SessionStart {
  readonly written: Written
  readonly undisturbed: boolean
  /**
   * Something that does not count was found, of a writer that was taken for dead. It is taken back before the next session. Returns the
   * error for this session.
   */
  foundLate(): RalphError
}

export interface LeasedSession extends Pick<WriteSession, 'lookUp' | 'describe'> {
  /** Throws for a batch that it cannot write, before anything is written. `at` is the time of the batch. */
  plan(batch: WriteBatch, at: Micros): PlannedBatch
}

export interface PlannedBatch {
  /** Writes all of it. When it rejects, no request is under way any more. */
  send(): Promise<void>
  /** Called after it is committed. */
  committed?(): void
  /** Another process has taken over in between and may not have found what was sent. Takes it back. */
  takeBack(): Promise<void>
}

/** Another process has written what a session had looked up, so this one no longer holds the lease. */
export const disturbed = (where: string, cause?: unknown): RalphError => {
  const message = `another process also writes to ${where}: send the request again`
  return new RalphError('STORE_UNAVAILABLE', message, { retryAfter: 1 }, { cause })
}

export interface LeasedEngineOptions {
  readonly lease: Lease
  readonly clock: Clock
  readonly snapshots: Pick<Snapshots, 'passed'>
  readonly engine: LeasedEngine
  /** The name of the target, for people. */
  readonly where: string
  /** No process has ever written to the target. */
  readonly isNew: boolean
}

/**
 * Writes batches without transactions. One process writes at a time (the lease). Readers look no further than `last` of the lease, which
 * moves as the last act of a batch. So they see a batch completely or not at all. The next holder takes back a batch that did not get so
 * far.
 */
export const createLeasedEngine = (options: LeasedEngineOptions): BatchEngine & { close(): Promise<void> } => {
  const { lease, clock, snapshots, engine, where, isNew } = options
  /** Something that was never committed may be stored. What an earlier process left is found too. */
  let isDoubtful = !isNew

  const undo = async (written: Written, made: Gap | undefined): Promise<void> => {
    await engine.undo(written, made)
    isDoubtful = false
  }

  /** If the lease cannot be released, the next holder finds it unchanged for too long, and takes it. */
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
      // Also if statements keep the `stored` of another store: each batch has its own time.
      const at = Math.max(batch.last, last + 1)
      const planned = plan(batch, at)
      // Planning may have taken long.
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
        // If this fails, the next holder does it.
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
