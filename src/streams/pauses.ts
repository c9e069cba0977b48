type Arrival<Item> = { readonly next: IteratorResult<Item, unknown> } | { readonly failure: unknown } | 'pause' | 'stop'

/**
 * The items of a source, and `pause` wherever the next one lets wait for so long. It ends as soon as `stop` is aborted,
 * though the source may never say more; to close the source is then up to others.
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
    // Who has left does not hear of it any more.
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
    // Not waited for: what is asked of a source while it waits is answered when it has waited.
    input.return?.().catch(() => {})
  }
}
