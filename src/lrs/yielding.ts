import { setImmediate } from 'node:timers/promises'

/** Milliseconds for which one request may keep all other requests waiting. */
const longestTurn = 10

/** Lets other requests run during the work on one request. */
export interface Yielder {
  /** Waits for other requests if this one has run long enough. Short work never waits. */
  rest(): Promise<void> | undefined
}

export const createYielder = (): Yielder => {
  let started = performance.now()
  return {
    rest: () => {
      if (performance.now() - started < longestTurn) return undefined
      return setImmediate().then(() => {
        started = performance.now()
      })
    }
  }
}

/**
 * Applies `work` to the items, in their order. After some time it lets other requests run before the next item: a batch may hold tens of
 * thousands of statements, or a few very large ones. A small batch never waits.
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

/** Runs steps to their end. After some time it lets other requests run before the next step. */
export const runYielding = async <Result>(steps: Generator<void, Result>): Promise<Result> => {
  const turns = createYielder()
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    const rest = turns.rest()
    if (rest !== undefined) await rest
  }
}
