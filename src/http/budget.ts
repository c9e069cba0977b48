import { RalphError } from '../errors.ts'

/** What one request holds of a budget. */
export interface Share {
  /** `OVERLOADED`, and nothing is taken, when the budget has no room for so many bytes more. */
  take(bytes: number): void
  /** Gives back all that was taken. May be called twice. */
  release(): void
}

/**
 * A bound on the bytes that many requests hold in memory together: bodies as they arrive, answers until they were sent.
 * Without one, a few clients that send or read slowly make the server hold as much as they like.
 */
export interface Budget {
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

export const createBudget = ({ limit, setting, what }: BudgetOptions): Budget => {
  let held = 0
  const spent = (): RalphError =>
    new RalphError(
      'OVERLOADED',
      `The server holds as many bytes of ${what} as ${setting} allows (${limit}): send the request again later.`,
      { setting, limit, retryAfter: 1 }
    )
  return {
    held: () => held,
    share: () => {
      let own = 0
      return {
        take: (bytes) => {
          const others = held - own
          // Whatever its size: what is alone is served.
          const room = others === 0 ? Number.POSITIVE_INFINITY : own + bytes <= modest ? limit : limit * open
          if (held + bytes > room) throw spent()
          own += bytes
          held += bytes
        },
        release: () => {
          held -= own
          own = 0
        }
      }
    }
  }
}
