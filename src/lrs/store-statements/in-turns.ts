import { setImmediate } from 'node:timers/promises'

/** Milliseconds for which work on one batch may keep all other requests waiting. */
const turn = 10
/** The clock is read once for so many items. */
const stride = 16

/**
 * What `work` makes of the items, in their order; when it has taken long, others have their turn before the next ones: a
 * batch may hold tens of thousands of statements. A small one is done without waiting once.
 */
export const mapInTurns = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Result
): Promise<Result[]> => {
  const results: Result[] = []
  let started = performance.now()
  for (const item of items) {
    if (results.length % stride === stride - 1 && performance.now() - started >= turn) {
      await setImmediate()
      started = performance.now()
    }
    results.push(work(item))
  }
  return results
}
