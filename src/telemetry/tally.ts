export interface TallyOptions {
  /** How many are said in a window. */
  readonly most: number
  /** Milliseconds from the first one that is said. */
  readonly window: number
  /** Told at the end of a window how many were not said, by key. */
  readonly summarise: (counts: ReadonlyMap<string, number>) => void
}

export interface Tally {
  /** Says it, or counts it under the key where enough was said of late. */
  note(key: string, say: () => void): void
  /** Says what is left. */
  close(): void
}

/** Keys that are told apart in a window: a client may choose them. */
const mostKeys = 100
const others = 'others'

/** For what any client can make happen as often as it likes: a few are said, the rest is counted. */
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

/** `12 from a, 3 from b`: the largest first, and no more than a line holds. */
export const listCounts = (counts: ReadonlyMap<string, number>, word: string, most = 5): string => {
  const sorted = [...counts].toSorted(([, left], [, right]) => right - left)
  const shown = sorted.slice(0, most).map(([key, count]) => `${count} ${word} ${key}`)
  const rest = totalOf(new Map(sorted.slice(most)))
  return [...shown, ...(rest > 0 ? [`${rest} ${word} others`] : [])].join(', ')
}
