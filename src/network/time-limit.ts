import type { ErrorDetails } from '../errors.ts'
import { parameter } from '../settings/define.ts'
import { integer } from '../settings/kinds.ts'

/** Milliseconds after which an engine that says nothing is given up, unless a setting says otherwise. */
export const defaultTimeout = 10_000

/** The same setting of every engine. `engine` is its name for people. */
export const timeoutParameter = (engine: string) =>
  parameter('TIMEOUT', {
    kind: integer(100, 3_600_000),
    default: defaultTimeout,
    description: `Milliseconds without an answer of ${engine} after which a request is given up; to clients that is 503.`
  })

/** The engine did not answer in time: what became of the request nobody knows. For the details of an error. */
export const givenUp = { retryAfter: 1, setting: 'TIMEOUT' } as const

export const isGivenUp = ({ setting }: ErrorDetails): boolean => setting === givenUp.setting

/** What is said of it, after the name of the engine. */
export const unanswered = 'does not answer in time: look whether it hangs, or raise TIMEOUT'
