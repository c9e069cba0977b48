import { setImmediate as turnOfOthers } from 'node:timers/promises'
import { RalphError } from '../../errors.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import { storeClosed } from '../closed.ts'

/** Milliseconds after which others have the event loop. */
const turnLength = 10

/** At most so many steps are taken between two looks at the clock: a step is often shorter than a look. */
const stepsPerLook = 8

/**
 * Takes steps until all are taken, and then has their result, or until it is late. The first looks come sooner: one step
 * may write two megabytes, and eight of them would hold the event loop for a third of a second.
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

/** Works through all steps; others have their turn of the event loop whenever that has taken long. */
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
  /** What is left to do before `commit`. */
  finish?(): Yielding<void>
  /** Makes durable what the jobs since `begin` have done; the store stays consistent when it throws. */
  commit(): void | Promise<void>
  /** Undoes everything since `begin`, in memory too. Called after a job or `commit` threw. */
  rollback(): void
  /**
   * The event loop is given to others, with the transaction open, until `resume`: nobody may see anything of it.
   * Between `begin` and the end of `commit` nobody else runs unless the transaction rests.
   */
  rest?(): void
  resume?(): void
}

export interface GroupLimits {
  /**
   * When a group has run for so long others have the event loop: in the middle of a job that comes in steps, which then
   * goes on; behind one that does not, and the group takes no further job.
   */
  readonly milliseconds: number
  readonly jobs: number
}

export interface JobOptions {
  /**
   * The job promises that a `RalphError` it throws is thrown before it changed anything: such a refusal then does not
   * disturb the others in its group.
   */
  readonly refusesFirst?: boolean
  /** When aborted before the job's turn comes, the job is not run and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export interface GroupCommit {
  /**
   * Runs the job in a transaction that it may share with others, and resolves with its result when that is durable.
   * What the job throws rejects this call alone and leaves nothing behind. A job must not wait for anything, and must
   * bear to be run again after a rollback. `STORE_UNAVAILABLE` after `close`.
   */
  run<T>(job: () => T, options?: JobOptions): Promise<T>
  /** The same for a job that may take long: others have their turn of the event loop between its steps. */
  runInSteps<T>(job: () => Yielding<T>, options?: JobOptions): Promise<T>
  /** How many jobs wait for their turn. */
  waiting(): number
  /** Finishes what was accepted, then refuses. May be called twice. */
  close(): Promise<void>
}

interface Entry extends JobOptions {
  /** Runs the job, or begins to, and keeps its result until `resolve`. */
  readonly work: () => Yielding<void> | undefined
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/**
 * A job failed for its `cause` and may have left something behind: the transaction must not be committed. A job may throw it
 * itself, where it finds out half-way.
 */
export class Spoilt extends Error {
  override readonly name = 'Spoilt'
}

const defaultLimits: GroupLimits = { milliseconds: turnLength, jobs: 256 }

/**
 * Lets concurrent writers share one durable commit: all jobs that were handed in during one turn of the event loop
 * run in order within one transaction. When a job spoils that transaction it is rolled back and each of its jobs gets
 * one of its own, so that nobody pays for a neighbour's failure but with time.
 */
export const createGroupCommit = (transactions: Transactions, limits: GroupLimits = defaultLimits): GroupCommit => {
  let waiting: Entry[] = []
  let scheduled = false
  let closed = false
  let emptied: (() => void) | undefined
  /** When the event loop has been held for long enough. */
  let end = 0

  const isLate = (): boolean => performance.now() >= end

  const rest = async (): Promise<void> => {
    transactions.rest?.()
    await turnOfOthers()
    transactions.resume?.()
    end = performance.now() + limits.milliseconds
  }

  /** Runs jobs from the head of `group` in one transaction; returns those that were taken. */
  const attempt = async (group: readonly Entry[]): Promise<Entry[]> => {
    const taken: Entry[] = []
    const done: Entry[] = []
    const refused: (() => void)[] = []
    end = performance.now() + limits.milliseconds
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
          // Waiting, even for nothing, would let others run: it is done only at rest.
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

  const turn = async (): Promise<void> => {
    const group = waiting.slice(0, limits.jobs)
    let taken = group
    try {
      taken = await attempt(group)
    } catch (error) {
      // Neither `begin` nor `rollback` may throw for long: the next session tries again with the next jobs.
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
