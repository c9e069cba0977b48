import { setImmediate } from 'node:timers/promises'

/** Milliseconds for which work on one request may keep all other requests waiting. */
const turn = 10

/** The turns of one request: it works for a while, then others have theirs. */
export interface Yielder {
  /** Waits for the others once the present turn has lasted long enough; work that is short never waits. */
  rest(): Promise<void> | undefined
}

export const createYielder = (): Yielder => {
  let started = performance.now()
  return {
    rest: () => {
      if (performance.now() - started < turn) return undefined
      return setImmediate().then(() => {
        started = performance.now()
      })
    }
  }
}

/**
 * What `work` makes of the items, in their order; when it has taken long, others have their turn before the next ones: a
 * batch may hold tens of thousands of statements, or a few that are as large. A small one is done without waiting once.
 */
export const mapYielding = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Result | Promise<Result>
): Promise<Result[]> => {
  const results: Result[] = []
  const turns = createYielder()
  for (const item of items) {
    const rest = turns.rest()
    if (rest !== undefined) await rest
    const result = work(item)
    results.push(result instanceof Promise ? await result : result)
  }
  return results
}

/** Runs steps to their end; when they have taken long, others have their turn before the next one. */
export const runYielding = async <Result>(steps: Generator<void, Result>): Promise<Result> => {
  const turns = createYielder()
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    const rest = turns.rest()
    if (rest !== undefined) await rest
  }
}

/** Runs jobs in the order in which they came, each when the one before has ended: for what holds much memory. */
export const createLine = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <Result>(job: () => Promise<Result>): Promise<Result> => {
    const own = last.then(job, job)
    last = own.catch(() => {})
    return own
  }
}
