import { RalphError } from '../errors.ts'

/** The bytes that one request holds of a budget. */
export interface Share {
  /** Throws `OVERLOADED`, and takes nothing, if the budget has no room for this many more bytes. */
  take(bytes: number): void
  /**
   * Takes room for a body before any of it is read. Of two large bodies that arrive together and do not both fit, one is read after the
   * other; without this, both would be refused. Waits at most `patience` milliseconds, then rejects with `OVERLOADED`.
   */
  reserve(bytes: number, patience: number): Promise<void>
  /** As `take`, but never refuses: for bytes that exist already and must be sent. */
  hold(bytes: number): void
  /** Returns all bytes that were taken. It may be called twice. */
  release(): void
}

/**
 * Limits the bytes that all requests hold in memory together: bodies as they arrive, and answers until they were sent. Without a limit, a
 * few clients that send or read slowly could fill the memory.
 */
export interface ByteBudget {
  share(): Share
  /** The number of bytes that are taken now. */
  held(): number
}

export interface BudgetOptions {
  readonly limit: number
  /** The name of the setting that holds the limit. */
  readonly setting: string
  /** What the bytes are, as the error says it. */
  readonly what: string
}

/** The last quarter of a budget is for shares up to this size, so that small requests are served beside large ones. */
const modest = 2 ** 18
const open = 0.75

interface Waiting {
  /** Takes the bytes of this waiting request, if there is room now. */
  readonly tryAgain: () => boolean
}

export const createBudget = ({ limit, setting, what }: BudgetOptions): ByteBudget => {
  let held = 0
  const waiting: Waiting[] = []
  const spent = (): RalphError =>
    new RalphError(
      'OVERLOADED',
      `All requests together use the bytes of ${what} that ${setting} allows (${limit}): send the request again later.`,
      { setting, limit, retryAfter: 1 }
    )
  const leave = (one: Waiting): void => {
    const place = waiting.indexOf(one)
    if (place !== -1) waiting.splice(place, 1)
  }
  /** Requests get room in the order in which they came. Otherwise the largest could wait for ever. */
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
      // A share that is alone is never refused, whatever its size.
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
