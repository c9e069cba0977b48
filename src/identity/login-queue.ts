import { RalphError } from '../errors.ts'

export interface LoginQueueOptions {
  /** The most comparisons at the same time, each in its own thread. */
  readonly atOnce: number
  /** The most comparisons that may wait. */
  readonly waiting: number
  /** What is compared, as the error says it: passwords, if nothing is said. */
  readonly what?: 'passwords' | 'tokens'
}

/** The source and user of a comparison. */
export interface LoginAttempt {
  /** The source of the request. Empty if it is unknown. */
  readonly source: string
  readonly username: string
  /** Whether a user with this name exists. Anybody can invent other names, so they never push out a user. */
  readonly known: boolean
}

interface Turn {
  readonly begin: () => void
  readonly refuse: (reason: RalphError) => void
}

/** Waiting comparisons, oldest first, by user name. */
type Names = Map<string, Turn[]>

/** The names of one source. Users and unknown names have separate lines. */
type Lines = Map<LoginAttempt['known'], Names>

/** The next comparison is under the first name in the first line of the first source. */
type Sources = Map<string, Lines>

const sum = (lengths: readonly number[]): number => lengths.reduce((total, each) => total + each, 0)

const lengthOf = (names: Names | undefined): number => sum([...(names?.values() ?? [])].map((turns) => turns.length))

const lengthOfAll = (lines: Lines | undefined): number => sum([...(lines?.values() ?? [])].map(lengthOf))

/** The key with the greatest measure; of equals the last one. Undefined if the map is empty. */
const greatest = <Key, Value>(all: ReadonlyMap<Key, Value>, measure: (value: Value) => number): Key | undefined => {
  let found: Key | undefined
  let most = 0
  for (const [key, value] of all) {
    const measured = measure(value)
    if (measured >= most) [found, most] = [key, measured]
  }
  return found
}

/** Whether the numbers are more even after `greedy` has given one place to `other`. */
const evens = (other: number, greedy: number): boolean => other + 1 <= greedy - 1

const ensure = <Key, Value>(all: Map<Key, Value>, key: Key, make: () => Value): Value => {
  const present = all.get(key) ?? make()
  all.set(key, present)
  return present
}

/** Takes the first entry out of a map. If something of it is left, it is put back as the last one. */
const rotate = <Key, Value>(all: Map<Key, Value>, take: (value: Value) => boolean): void => {
  const [first] = all
  if (first === undefined) return
  const [key, value] = first
  all.delete(key)
  if (take(value)) all.set(key, value)
}

/**
 * Runs few of the costly comparisons at a time, so that a flood of wrong passwords leaves processors and threads to others. Refuses with
 * `OVERLOADED` what would wait too long. The sources take turns. Within a source, users and unknown names take turns, and so do the names
 * of each kind. If the queue is full, the source or name with the most places loses one. But an unknown name never takes a place from a
 * user of the same source, which may be a whole school behind one address.
 */
export const createLoginQueue = ({ atOnce, waiting, what = 'passwords' }: LoginQueueOptions) => {
  const overloaded = (): RalphError =>
    new RalphError('OVERLOADED', `Too many ${what} are being verified. Try again in a second.`, { retryAfter: 1 })
  const sources: Sources = new Map()
  let running = 0
  let waitingNow = 0

  const refuseNewest = (source: string, known: boolean): void => {
    const lines = sources.get(source)
    const names = lines?.get(known)
    const name = greatest(names ?? new Map<string, Turn[]>(), ({ length }) => length)
    if (lines === undefined || names === undefined || name === undefined) return
    const turns = names.get(name)
    turns?.pop()?.refuse(overloaded())
    waitingNow -= 1
    if (turns?.length === 0) names.delete(name)
    if (names.size === 0) lines.delete(known)
    if (lines.size === 0) sources.delete(source)
  }

  /** Whether somebody with more places than this attempt gave one up. */
  const makeWay = ({ source, username, known }: LoginAttempt): boolean => {
    const own = sources.get(source)
    const greedy = greatest(sources, lengthOfAll) ?? source
    if (evens(lengthOfAll(own), lengthOfAll(sources.get(greedy)))) {
      refuseNewest(greedy, sources.get(greedy)?.has(false) !== true)
      return true
    }
    const inventive = known ? [source, ...sources.keys()].find((each) => sources.get(each)?.has(false)) : undefined
    if (inventive !== undefined) {
      refuseNewest(inventive, false)
      return true
    }
    const names = own?.get(known)
    const most = Math.max(0, ...[...(names?.values() ?? [])].map(({ length }) => length))
    if (!evens(names?.get(username)?.length ?? 0, most)) return false
    refuseNewest(source, known)
    return true
  }

  const wait = ({ source, username, known }: LoginAttempt): Promise<void> =>
    new Promise((begin, refuse) => {
      const lines = ensure(sources, source, (): Lines => new Map())
      const names = ensure(lines, known, (): Names => new Map())
      ensure(names, username, (): Turn[] => []).push({ begin, refuse })
      waitingNow += 1
    })

  const takeNext = (): Turn | undefined => {
    let next: Turn | undefined
    rotate(sources, (lines) => {
      rotate(lines, (names) => {
        rotate(names, (turns) => {
          next = turns.shift()
          return turns.length > 0
        })
        return names.size > 0
      })
      return lines.size > 0
    })
    return next
  }

  return async <Result>(account: LoginAttempt, compare: () => Promise<Result>): Promise<Result> => {
    if (running < atOnce) running++
    else {
      if (waitingNow >= waiting && !makeWay(account)) throw overloaded()
      await wait(account)
    }
    try {
      return await compare()
    } finally {
      // The next one in the queue gets the place directly, so that no newcomer can take it.
      const next = takeNext()
      if (next === undefined) running--
      else {
        waitingNow -= 1
        next.begin()
      }
    }
  }
}
