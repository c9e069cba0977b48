import { setImmediate, setTimeout } from 'node:timers/promises'
import { RalphError } from '../../errors.ts'
import { storeClosed } from '../closed.ts'

export interface Weight {
  readonly items: number
  readonly bytes: number
}

export interface QueueOptions<Job, Outcome> {
  /** Milliseconds for which the first job of an idle queue waits for others; 0: one turn of the event loop. */
  readonly delay: number
  weightOf(job: Job): Weight
  /** One outcome for each job, in their order; what it throws is thrown to each of them. */
  run(jobs: readonly Job[]): Promise<readonly Outcome[]>
}

/** Runs jobs in batches: while one batch runs, the jobs of the next one gather. */
export interface BatchQueue<Job, Outcome> {
  /** `STORE_UNAVAILABLE` after `close`, `OVERLOADED` when too much waits. */
  add(job: Job): Promise<Outcome>
  isClosed(): boolean
  /** Those that wait, and have not begun, are thrown this. */
  refuseWaiting(reason: unknown): void
  /** Resolves when all that was accepted is done. May be called twice. */
  close(): Promise<void>
}

/** A batch takes no more than this, unless a single job has more. */
const batchLimit: Weight = { items: 2000, bytes: 2 ** 24 }
/** What may wait: more would only wait longer, and in memory. */
const waitingLimit: Weight = { items: 50_000, bytes: 2 ** 26 }

/** After a batch the next one waits for this part of the time that it took, and no more milliseconds than these. */
const gathering = 0.2
const mostGathering = 4

interface Entry<Job, Outcome> extends Weight {
  readonly job: Job
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
      // Who was just answered may send the next at once: with those who wait already they make one batch instead of two.
      const pause = Math.floor(Math.min((performance.now() - started) * gathering, mostGathering))
      if (pause > 0 && waiting.length > 0 && !closed) await setTimeout(pause)
    }
    running = undefined
  }

  return {
    add: (job) => {
      if (closed) return Promise.reject(storeClosed())
      const own = weightOf(job)
      // Whatever its size: a job that meets nobody waiting is taken.
      if (waiting.length > 0 && exceeds(plus(weight, own), waitingLimit)) {
        const message = 'more statements wait to be written than the server can hold: send them again later'
        return Promise.reject(new RalphError('OVERLOADED', message, { retryAfter: 1 }))
      }
      return new Promise<Outcome>((resolve, reject) => {
        waiting.push({ job, resolve, reject, ...own })
        weight = plus(weight, own)
        running ??= runAll()
      })
    },
    isClosed: () => closed,
    refuseWaiting: (reason) => {
      const refused = waiting
      waiting = []
      weight = { items: 0, bytes: 0 }
      for (const { reject } of refused) reject(reason)
    },
    close: async () => {
      closed = true
      await running
    }
  }
}
