import { RalphError } from '../errors.ts'

/** What a store does around the jobs of a group. */
export interface Transactions {
  begin(): void
  /** Makes durable what the jobs since `begin` have done; the store stays consistent when it throws. */
  commit(): void | Promise<void>
  /** Undoes everything since `begin`, in memory too. Called after a job or `commit` threw. */
  rollback(): void
}

export interface GroupLimits {
  /** A group that has run for so long takes no further job, so that the event loop is soon free again. */
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
  /** How many jobs wait for their turn. */
  waiting(): number
  /** Finishes what was accepted, then refuses. May be called twice. */
  close(): Promise<void>
}

interface Entry extends JobOptions {
  /** Runs the job and keeps its result until `resolve`. */
  readonly work: () => void
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** A job threw and may have left something behind: the transaction must not be committed. */
class Spoilt extends Error {
  override readonly name = 'Spoilt'
}

const defaultLimits: GroupLimits = { milliseconds: 10, jobs: 256 }

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

  /** Runs jobs from the head of `group` in one transaction; returns those that were taken. */
  const attempt = async (group: readonly Entry[]): Promise<Entry[]> => {
    const taken: Entry[] = []
    const done: Entry[] = []
    const refused: (() => void)[] = []
    const end = performance.now() + limits.milliseconds
    transactions.begin()
    try {
      for (const entry of group) {
        taken.push(entry)
        if (entry.signal?.aborted) {
          refused.push(() => entry.reject(entry.signal?.reason))
          continue
        }
        try {
          entry.work()
          done.push(entry)
        } catch (error) {
          if (!entry.refusesFirst || !(error instanceof RalphError)) throw new Spoilt('', { cause: error })
          refused.push(() => entry.reject(error))
        }
        if (performance.now() >= end) break
      }
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
      // Neither `begin` nor `rollback` may throw for long: the next turn tries again with the next jobs.
      for (const entry of group) entry.reject(error)
    }
    waiting = waiting.slice(taken.length)
    if (waiting.length > 0) setImmediate(turn)
    else {
      scheduled = false
      emptied?.()
    }
  }

  return {
    run: <T>(job: () => T, options: JobOptions = {}) => {
      if (closed) return Promise.reject(new RalphError('STORE_UNAVAILABLE', 'the store is closed'))
      return new Promise<T>((resolve, reject) => {
        let result: { readonly value: T } | undefined
        waiting.push({
          ...options,
          work: () => {
            result = { value: job() }
          },
          resolve: () => result && resolve(result.value),
          reject
        })
        if (scheduled) return
        scheduled = true
        setImmediate(turn)
      })
    },
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
