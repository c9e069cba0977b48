type Arrival<Item> = { readonly next: IteratorResult<Item, unknown> } | { readonly failure: unknown } | 'pause' | 'stop'

/**
 * The items of a source, and `pause` whenever the next one takes this long. It ends when `stop` is aborted, even if the source never
 * continues. Then the caller must close the source.
 */
export async function* withPauses<Item>(
  source: AsyncIterable<Item>,
  milliseconds: number,
  stop: AbortSignal
): AsyncGenerator<Item | 'pause', void, undefined> {
  const input = source[Symbol.asyncIterator]()
  let wake: (arrival: Arrival<Item>) => void = () => {}
  const onStop = (): void => wake('stop')
  const pull = (): Promise<IteratorResult<Item, unknown>> => {
    const next = input.next()
    // After the end, errors of the source are ignored.
    next.catch(() => {})
    return next
  }
  stop.addEventListener('abort', onStop)
  try {
    for (let next = pull(); !stop.aborted; ) {
      let timer: NodeJS.Timeout | undefined
      const arrival = await new Promise<Arrival<Item>>((resolve) => {
        wake = resolve
        timer = setTimeout(() => resolve('pause'), milliseconds)
        next.then(
          (item) => resolve({ next: item }),
          (failure: unknown) => resolve({ failure })
        )
      })
      clearTimeout(timer)
      if (arrival === 'stop') return
      if (arrival === 'pause') {
        yield 'pause'
        continue
      }
      if ('failure' in arrival) throw arrival.failure
      if (arrival.next.done === true) return
      yield arrival.next.value
      next = pull()
    }
  } finally {
    stop.removeEventListener('abort', onStop)
    // Not awaited: a source that waits answers only when its wait ends.
    input.return?.().catch(() => {})
  }
}
