import { setImmediate as turnOfOthers } from 'node:timers/promises'
import { RalphError } from '../../errors.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import { storeClosed } from '../closed.ts'

/** Milliseconds after which other requests get the event loop. */
const turnLength = 10

/** The most steps between two looks at the clock. A step is often shorter than such a look. */
const stepsPerLook = 8

/**
 * Runs steps until they are done or it is late. Returns the result if they are done. The first looks at the clock come sooner: one step may
 * write two megabytes, and eight of them would block the event loop for a third of a second.
 */
const advance = <Result>(steps: Yielding<Result>, isLate: () => boolean): { readonly value: Result } | undefined => {
  let look = 1
  for (let taken = 1; ; taken += 1) {
    const step = steps.next()
    if (step.done) return step
    if (taken < look) continue
    if (isLate()) return undefined
    look = taken + Math.min(taken, stepsPerLook)
  }
}

/** Runs all steps. Other requests get the event loop whenever this has taken long. */
export const inTurns = async <Result>(steps: Yielding<Result>): Promise<Result> => {
  let end = performance.now() + turnLength
  for (;;) {
    const done = advance(steps, () => performance.now() >= end)
    if (done) return done.value
    await turnOfOthers()
    end = performance.now() + turnLength
  }
}

/** What a store does around the jobs of a group. */
export interface Transactions {
  begin(): void
  /** The work that is left before `commit`. */
  finish?(): Yielding<void>
  /** Makes the changes of the jobs since `begin` durable. The store stays consistent if it throws. */
  commit(): void | Promise<void>
  /** Undoes everything since `begin`, in memory too. It is called after a job or `commit` threw. */
  rollback(): void
  /**
   * Other requests get the event loop, with the transaction open, until `resume`. They must not see any of it. Between `begin` and the end
   * of `commit`, others run only while the transaction rests.
   */
  rest?(): void
  resume?(): void
}

export interface GroupLimits {
  /**
   * After this time a group gives the event loop to others: in the middle of a job with steps, which continues afterwards, or after a job
   * without steps. In the latter case the group takes no further job.
   */
  readonly milliseconds: number
  readonly jobs: number
}

export interface JobOptions {
  /**
   * The job promises that it changes nothing before it throws a `RalphError`. Then such a refusal does not disturb the others in its group.
   */
  readonly refusesFirst?: boolean
  /** If aborted before the job starts, the job does not run, and the call rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

export interface GroupCommit {
  /**
   * Runs the job in a transaction that other jobs may share. Resolves with its result when it is durable. An error of the job rejects only
   * this call, and its changes are undone. A job must not wait for anything, and must be safe to run again after a rollback. Rejects with
   * `STORE_UNAVAILABLE` after `close`.
   */
  run<T>(job: () => T, options?: JobOptions): Promise<T>
  /** The same for a long job. Other requests run between its steps. */
  runInSteps<T>(job: () => Yielding<T>, options?: JobOptions): Promise<T>
  /** The number of jobs that wait. */
  waiting(): number
  /** Finishes what was accepted, then refuses. It may be called twice. */
  close(): Promise<void>
}

interface Entry extends JobOptions {
  /** Runs the job, or its first step, and keeps its result until `resolve`. */
  readonly work: () => Yielding<void> | undefined
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** A job failed because of `cause` and may have changed something, so the transaction must not be committed. A job may throw it itself. */
export class Spoilt extends Error {
  override readonly name = 'Spoilt'
}

const defaultLimits: GroupLimits = { milliseconds: turnLength, jobs: 256 }

/** Runs a group of jobs in one transaction, and gives the event loop to others whenever that has taken long. */
const createAttempt = (transactions: Transactions, milliseconds: number) => {
  /** When the event loop has been blocked long enough. */
  let end = 0

  const isLate = (): boolean => performance.now() >= end

  const rest = async (): Promise<void> => {
    transactions.rest?.()
    await turnOfOthers()
    transactions.resume?.()
    end = performance.now() + milliseconds
  }

  /** Runs jobs from the head of `group` in one transaction. Returns those that were taken. */
  const attempt = async (group: readonly Entry[]): Promise<Entry[]> => {
    const taken: Entry[] = []
    const done: Entry[] = []
    const refused: (() => void)[] = []
    end = performance.now() + milliseconds
    transactions.begin()
    try {
      for (const entry of group) {
        taken.push(entry)
        if (entry.signal?.aborted) {
          refused.push(() => entry.reject(entry.signal?.reason))
          continue
        }
        try {
          const steps = entry.work()
          // Any `await` would let others run, so there is one only while the transaction rests.
          if (steps !== undefined) while (!advance(steps, isLate)) await rest()
          done.push(entry)
        } catch (error) {
          if (error instanceof Spoilt) throw error
          if (!entry.refusesFirst || !(error instanceof RalphError)) throw new Spoilt('', { cause: error })
          refused.push(() => entry.reject(error))
        }
        if (isLate()) break
      }
      const finishing = transactions.finish?.()
      if (finishing !== undefined) while (!advance(finishing, isLate)) await rest()
      const committed = transactions.commit()
      if (committed) await committed
    } catch (error) {
      transactions.rollback()
      if (error instanceof Spoilt && taken.length > 1) {
        for (const entry of taken) await attempt([entry])
      } else {
        const reason = error instanceof Spoilt ? error.cause : error
        for (const entry of taken) entry.reject(reason)
      }
      return taken
    }
    for (const reject of refused) reject()
    for (const entry of done) entry.resolve()
    return taken
  }

  return attempt
}

/**
 * Lets concurrent writers share one durable commit. All jobs that arrive during one turn of the event loop run in order in one transaction.
 * If a job spoils the transaction, it is rolled back and each job gets its own, so that a failure costs the other jobs only time.
 */
export const createGroupCommit = (transactions: Transactions, limits: GroupLimits = defaultLimits): GroupCommit => {
  let waiting: Entry[] = []
  let scheduled = false
  let closed = false
  let emptied: (() => void) | undefined
  const attempt = createAttempt(transactions, limits.milliseconds)

  const turn = async (): Promise<void> => {
    const group = waiting.slice(0, limits.jobs)
    let taken = group
    try {
      taken = await attempt(group)
    } catch (error) {
      // `begin` or `rollback` failed. The next session tries again with the next jobs.
      for (const entry of group) entry.reject(error)
    }
    waiting = waiting.slice(taken.length)
    if (waiting.length > 0) schedule()
    else {
      scheduled = false
      emptied?.()
    }
  }

  const schedule = (): void => {
    scheduled = true
    setImmediate(turn)
  }

  const add = <T>(
    work: (keep: (value: T) => void) => Yielding<void> | undefined,
    options: JobOptions = {}
  ): Promise<T> => {
    if (closed) return Promise.reject(storeClosed())
    return new Promise<T>((resolve, reject) => {
      let result: { readonly value: T } | undefined
      const keep = (value: T): void => {
        result = { value }
      }
      waiting.push({
        ...options,
        work: () => work(keep),
        resolve: () => result && resolve(result.value),
        reject
      })
      if (!scheduled) schedule()
    })
  }

  return {
    run: (job, options) =>
      add((keep) => {
        keep(job())
        return undefined
      }, options),
    runInSteps: <T>(job: () => Yielding<T>, options?: JobOptions) =>
      add<T>(function* (keep) {
        keep(yield* job())
      }, options),
    waiting: () => waiting.length,
    close: async () => {
      closed = true
      while (scheduled) {
        await new Promise<void>((resolve) => {
          const before = emptied
          emptied = () => {
            before?.()
            resolve()
          }
        })
      }
    }
  }
}
