export interface TallyOptions {
  /** The most events that are logged in a window. */
  readonly most: number
  /** The length of a window in milliseconds, from its first event. */
  readonly window: number
  /** Called at the end of a window with the number of events that were not logged, by key. */
  readonly summarise: (counts: ReadonlyMap<string, number>) => void
}

export interface Tally {
  /** Calls `say`. If the window has enough events already, counts it under the key instead. */
  note(key: string, say: () => void): void
  /** Logs the counts that were not logged yet. */
  close(): void
}

/** The most keys of a window, because clients may choose them. */
const mostKeys = 100
const others = 'others'

/** For events that any client can cause as often as it likes: a few are logged, the others are counted. */
export const createTally = ({ most, window, summarise }: TallyOptions): Tally => {
  let said = 0
  let counts = new Map<string, number>()
  let ending: NodeJS.Timeout | undefined

  const end = (): void => {
    clearTimeout(ending)
    ending = undefined
    said = 0
    const counted = counts
    counts = new Map()
    if (counted.size > 0) summarise(counted)
  }

  return {
    note: (key, say) => {
      ending ??= setTimeout(end, window).unref()
      if (said < most) {
        said += 1
        say()
        return
      }
      const told = counts.has(key) || counts.size < mostKeys ? key : others
      counts.set(told, (counts.get(told) ?? 0) + 1)
    },
    close: end
  }
}

export const totalOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0)

/** `12 from a, 3 from b`: the largest first, as many as fit on a line. */
export const listCounts = (counts: ReadonlyMap<string, number>, word: string, most = 5): string => {
  const sorted = [...counts].toSorted(([, left], [, right]) => right - left)
  const shown = sorted.slice(0, most).map(([key, count]) => `${count} ${word} ${key}`)
  const rest = totalOf(new Map(sorted.slice(most)))
  return [...shown, ...(rest > 0 ? [`${rest} ${word} others`] : [])].join(', ')
}
