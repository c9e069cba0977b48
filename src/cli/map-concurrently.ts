/** Works on several items at once, and returns the results in the order of the items. */
export async function* mapConcurrently<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<Result>
): AsyncGenerator<Result, void, undefined> {
  const running: Promise<Result>[] = []
  let next = 0
  const start = (): void => {
    const item = items[next]
    if (next >= items.length || item === undefined) return
    next += 1
    const promise = work(item)
    // The error is thrown where the promise is awaited.
    promise.catch(() => {})
    running.push(promise)
  }
  for (let at = 0; at < concurrency; at += 1) start()
  for (let first = running.shift(); first !== undefined; first = running.shift()) {
    yield await first
    start()
  }
}
