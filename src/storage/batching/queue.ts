import { setImmediate, setTimeout } from 'node:timers/promises'
import { RalphError } from '../../errors.ts'
import { storeClosed } from '../closed.ts'

export interface Weight {
  readonly items: number
  readonly bytes: number
}

export interface QueueOptions<Job, Outcome> {
  /** Milliseconds for which the first job of an idle queue waits for others. 0: one turn of the event loop. */
  readonly delay: number
  weightOf(job: Job): Weight
  /** Returns one outcome for each job, in their order. If it throws, each of them gets the error. */
  run(jobs: readonly Job[]): Promise<readonly Outcome[]>
}

/** Runs jobs in batches. While one batch runs, the jobs of the next one gather. */
export interface BatchQueue<Job, Outcome> {
  /** Rejects with `STORE_UNAVAILABLE` after `close`, `OVERLOADED` if too much waits. */
  add(job: Job): Promise<Outcome>
  isClosed(): boolean
  /** Rejects the jobs that have waited for this many milliseconds and have not begun. */
  refuseWaiting(reason: unknown, waited: number): void
  /** Resolves when all that was accepted is done. It may be called twice. */
  close(): Promise<void>
}

/** The most that a batch takes, unless a single job has more. */
const batchLimit: Weight = { items: 2000, bytes: 2 ** 24 }
/** The most that may wait. More would only wait longer, in memory. */
const waitingLimit: Weight = { items: 50_000, bytes: 2 ** 26 }

/** After a batch, the next one waits for this part of its duration, at most this many milliseconds. */
const gathering = 0.2
const mostGathering = 4

interface Entry<Job, Outcome> extends Weight {
  readonly job: Job
  /** When it was added, by the monotonic clock. */
  readonly since: number
  resolve(outcome: Outcome): void
  reject(reason: unknown): void
}

const exceeds = (one: Weight, limit: Weight): boolean => one.items > limit.items || one.bytes > limit.bytes

const plus = (one: Weight, other: Weight): Weight => ({
  items: one.items + other.items,
  bytes: one.bytes + other.bytes
})

const minus = (one: Weight, other: Weight): Weight => ({
  items: one.items - other.items,
  bytes: one.bytes - other.bytes
})

export const createBatchQueue = <Job, Outcome>(options: QueueOptions<Job, Outcome>): BatchQueue<Job, Outcome> => {
  const { delay, weightOf, run } = options
  let waiting: Entry<Job, Outcome>[] = []
  let weight: Weight = { items: 0, bytes: 0 }
  let running: Promise<void> | undefined
  let closed = false

  /** As many from the head as fit into a batch. */
  const take = (): Entry<Job, Outcome>[] => {
    let total: Weight = { items: 0, bytes: 0 }
    const end = waiting.findIndex((entry, index) => {
      total = plus(total, entry)
      return index > 0 && exceeds(total, batchLimit)
    })
    const taken = end === -1 ? waiting : waiting.slice(0, end)
    waiting = end === -1 ? [] : waiting.slice(end)
    for (const entry of taken) weight = minus(weight, entry)
    return taken
  }

  const runAll = async (): Promise<void> => {
    await (delay > 0 && !closed ? setTimeout(delay) : setImmediate())
    while (waiting.length > 0) {
      const taken = take()
      const started = performance.now()
      try {
        const outcomes = await run(taken.map(({ job }) => job))
        for (const [index, outcome] of outcomes.entries()) taken[index]?.resolve(outcome)
      } catch (error) {
        for (const { reject } of taken) reject(error)
      }
      // Clients that were just answered may send their next request at once. Together with the waiting ones they make one batch instead of
      // two.
      const pause = Math.floor(Math.min((performance.now() - started) * gathering, mostGathering))
      if (pause > 0 && waiting.length > 0 && !closed) await setTimeout(pause)
    }
    running = undefined
  }

  return {
    add: (job) => {
      if (closed) return Promise.reject(storeClosed())
      const own = weightOf(job)
      // If nothing waits, a job of any size is accepted.
      if (waiting.length > 0 && exceeds(plus(weight, own), waitingLimit)) {
        const message = 'more statements wait to be written than the server can hold: send them again later'
        return Promise.reject(new RalphError('OVERLOADED', message, { retryAfter: 1 }))
      }
      return new Promise<Outcome>((resolve, reject) => {
        waiting.push({ job, since: performance.now(), resolve, reject, ...own })
        weight = plus(weight, own)
        running ??= runAll()
      })
    },
    isClosed: () => closed,
    refuseWaiting: (reason, waited) => {
      const latest = performance.now() - waited
      // They are in the order in which they came.
      const end = waiting.findIndex(({ since }) => since > latest)
      const refused = end === -1 ? waiting : waiting.slice(0, end)
      waiting = end === -1 ? [] : waiting.slice(end)
      for (const entry of refused) {
        weight = minus(weight, entry)
        entry.reject(reason)
      }
    },
    close: async () => {
      closed = true
      await running
    }
  }
}
