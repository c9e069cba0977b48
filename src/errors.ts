import { errorCodes } from './error-codes.ts'

export { errorCodes }

export type ErrorCode = keyof typeof errorCodes

/** One problem of a statement: where it is, the rule that was broken, and what was expected. */
export interface Problem {
  /** The position of the statement in the batch; 0 for a single one. */
  readonly index: number
  /** JSON pointer (RFC 6901) into the statement. Empty: the statement itself. */
  readonly pointer: string
  /** Name of the rule, e.g. `oneIdentifier`, `type`, `format/iri`. */
  readonly rule: string
  /** What was expected there, in words that tell a person what to do. */
  readonly expected: string
}

export interface ErrorDetails {
  readonly problems?: readonly Problem[]
  /** Seconds after which it makes sense to try again. */
  readonly retryAfter?: number
  /** Other causes for programs: ids, limits, names. */
  readonly [name: string]: unknown
}

/** The error that Ralph throws intentionally. Any other error is a defect and becomes `INTERNAL`. */
export class RalphError extends Error {
  override readonly name = 'RalphError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.details = details
  }
}

/** The meaning of an error as a sentence. */
export const meaningOf = (code: ErrorCode): string => {
  const [first = '', ...rest] = errorCodes[code].meaning
  return `${first.toUpperCase()}${rest.join('')}.`
}

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The code of an error of Node or of a driver, such as `ENOENT`. Undefined: it has none. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** Whether a string from outside is the code of an error in the table. */
export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(errorCodes, value)
