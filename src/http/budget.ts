import { RalphError } from '../errors.ts'

/** What one request holds of a budget. */
export interface Share {
  /** `OVERLOADED`, and nothing is taken, when the budget has no room for so many bytes more. */
  take(bytes: number): void
  /**
   * Takes room for what is to come, before any of it is read: of two large bodies that arrive at once, and do not fit in
   * together, one is taken whole and then the other, where else neither would be. Whoever asks for much waits for his turn, and for
   * no longer than `patience` milliseconds: `OVERLOADED`.
   */
  reserve(bytes: number, patience: number): Promise<void>
  /** As `take`, but never refused: for what is there already and must be sent. */
  hold(bytes: number): void
  /** Gives back all that was taken. May be called twice. */
  release(): void
}

/**
 * A bound on the bytes that many requests hold in memory together: bodies as they arrive, answers until they were sent.
 * Without one, a few clients that send or read slowly make the server hold as much as they like.
 */
export interface ByteBudget {
  share(): Share
  /** All that is taken now. */
  held(): number
}

export interface BudgetOptions {
  readonly limit: number
  /** The setting that holds the limit. */
  readonly setting: string
  /** What the bytes are of, as the error says it. */
  readonly what: string
}

/** The last quarter is for shares that are not larger than this: who asks for little is served beside who asks for much. */
const modest = 2 ** 18
const open = 0.75

interface Waiting {
  /** Takes what was asked for, if there is room now. */
  readonly tryAgain: () => boolean
}

export const createBudget = ({ limit, setting, what }: BudgetOptions): ByteBudget => {
  let held = 0
  const waiting: Waiting[] = []
  const spent = (): RalphError =>
    new RalphError(
      'OVERLOADED',
      `The server holds as many bytes of ${what} as ${setting} allows (${limit}): send the request again later.`,
      { setting, limit, retryAfter: 1 }
    )
  const leave = (one: Waiting): void => {
    const place = waiting.indexOf(one)
    if (place !== -1) waiting.splice(place, 1)
  }
  /** In the order in which they came: else the largest would wait for ever. */
  const letIn = (): void => {
    while (waiting[0]?.tryAgain()) waiting.shift()
  }

  const share = (): Share => {
    let own = 0
    let stopWaiting = (): void => {}
    const hold = (bytes: number): void => {
      own += bytes
      held += bytes
    }
    const tryTaking = (bytes: number): boolean => {
      // Whatever its size: what is alone is served.
      const room = held === own ? Number.POSITIVE_INFINITY : own + bytes <= modest ? limit : limit * open
      if (held + bytes > room) return false
      hold(bytes)
      return true
    }
    return {
      take: (bytes) => {
        if (!tryTaking(bytes)) throw spent()
      },
      hold,
      reserve: async (bytes, patience) => {
        if ((waiting.length === 0 || bytes <= modest) && tryTaking(bytes)) return
        if (bytes <= modest) throw spent()
        await new Promise<void>((resolve, reject) => {
          const one = {
            tryAgain: () => {
              const isIn = tryTaking(bytes)
              if (isIn) {
                clearTimeout(timer)
                resolve()
              }
              return isIn
            }
          }
          const stop = (why: RalphError): void => {
            clearTimeout(timer)
            leave(one)
            reject(why)
          }
          stopWaiting = () => stop(new RalphError('MALFORMED_REQUEST', 'The body ended too early.'))
          const timer = setTimeout(() => stop(spent()), patience)
          waiting.push(one)
        })
      },
      release: () => {
        stopWaiting()
        held -= own
        own = 0
        letIn()
      }
    }
  }
  return { held: () => held, share }
}
