import { setImmediate } from 'node:timers/promises'

/** Milliseconds for which work on one batch may keep all other requests waiting. */
const turn = 10

/**
 * The items in their order; whenever work on them has taken long, others have their turn before the next one. A batch
 * may hold tens of thousands of statements.
 */
export async function* inTurns<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  let started = performance.now()
  for (const item of items) {
    if (performance.now() - started >= turn) {
      await setImmediate()
      started = performance.now()
    }
    yield item
  }
}
