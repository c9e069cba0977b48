import { RalphError } from '../errors.ts'

export interface BcryptQueueOptions {
  /** How many run at the same time, each on a thread of its own. */
  readonly atOnce: number
  /** How many may wait for their turn. */
  readonly waiting: number
}

/** On whose account a comparison goes. */
export interface Account {
  /** Where the request comes from; '' if that is not known. */
  readonly source: string
  readonly username: string
}

interface Turn {
  readonly begin: () => void
  readonly refuse: (reason: RalphError) => void
}

/** Those who wait, oldest first, by source and there by user name; the next one is in the first lane of the first source. */
type Lanes = Map<string, Map<string, Turn[]>>

const overloaded = (): RalphError =>
  new RalphError('OVERLOADED', 'Too many passwords are being verified. Try again in a second.', { retryAfter: 1 })

const lengthOf = (lanes: ReadonlyMap<string, readonly Turn[]> | undefined): number =>
  [...(lanes?.values() ?? [])].reduce((sum, turns) => sum + turns.length, 0)

/** The key with the greatest of what is measured; '' of nothing. */
const greatest = <Value>(all: ReadonlyMap<string, Value>, measure: (value: Value) => number): string => {
  let [found, most] = ['', 0]
  for (const [key, value] of all) {
    const measured = measure(value)
    if (measured > most) [found, most] = [key, measured]
  }
  return found
}

/** Takes the first out of a map, and puts it back as the last one if something is left of it. */
const rotate = <Value>(all: Map<string, Value>, take: (value: Value) => boolean): void => {
  const [first] = all
  if (first === undefined) return
  const [key, value] = first
  all.delete(key)
  if (take(value)) all.set(key, value)
}

/**
 * Runs few of the costly comparisons at a time, so that a flood of wrong passwords leaves processors and threads to
 * everybody else, and refuses with `OVERLOADED` what would wait too long. Turns go round by source, and within a source
 * by user name; a full queue refuses at the expense of whoever fills it most.
 */
export const createBcryptQueue = ({ atOnce, waiting }: BcryptQueueOptions) => {
  const lanes: Lanes = new Map()
  let running = 0
  let waitingNow = 0

  const refuseNewest = (source: string, username: string): void => {
    const turns = lanes.get(source)?.get(username)
    turns?.pop()?.refuse(overloaded())
    waitingNow -= 1
    if (turns?.length === 0) lanes.get(source)?.delete(username)
    if (lanes.get(source)?.size === 0) lanes.delete(source)
  }

  /** Whether somebody who takes more than this account made way for it. */
  const makeWay = ({ source, username }: Account): boolean => {
    const own = lanes.get(source)
    const greedy = greatest(lanes, lengthOf)
    if (lengthOf(own) < lengthOf(lanes.get(greedy))) {
      refuseNewest(
        greedy,
        greatest(lanes.get(greedy) ?? new Map<string, Turn[]>(), ({ length }) => length)
      )
      return true
    }
    const name = greatest(own ?? new Map<string, Turn[]>(), ({ length }) => length)
    if ((own?.get(username)?.length ?? 0) >= (own?.get(name)?.length ?? 0)) return false
    refuseNewest(source, name)
    return true
  }

  const wait = ({ source, username }: Account): Promise<void> =>
    new Promise((begin, refuse) => {
      const own = lanes.get(source) ?? new Map<string, Turn[]>()
      lanes.set(source, own)
      const turns = own.get(username) ?? []
      own.set(username, turns)
      turns.push({ begin, refuse })
      waitingNow += 1
    })

  const takeNext = (): Turn | undefined => {
    let next: Turn | undefined
    rotate(lanes, (own) => {
      rotate(own, (turns) => {
        next = turns.shift()
        return turns.length > 0
      })
      return own.size > 0
    })
    return next
  }

  return async <Result>(account: Account, compare: () => Promise<Result>): Promise<Result> => {
    if (running < atOnce) running++
    else {
      if (waitingNow >= waiting && !makeWay(account)) throw overloaded()
      await wait(account)
    }
    try {
      return await compare()
    } finally {
      // The place goes to the next in the queue directly: nobody slips in between.
      const next = takeNext()
      if (next === undefined) running--
      else {
        waitingNow -= 1
        next.begin()
      }
    }
  }
}
