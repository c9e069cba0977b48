import { errorCodes } from './error-codes.ts'

export { errorCodes }

export type ErrorCode = keyof typeof errorCodes

/** One thing that is wrong with a statement: where, by which rule, and what was expected instead. */
export interface Problem {
  /** Position of the statement in the batch that was sent; 0 for a single one. */
  readonly index: number
  /** JSON pointer (RFC 6901) into the statement; '' is the statement itself. */
  readonly pointer: string
  /** Name of the rule, e.g. `oneIdentifier`, `type`, `format/iri`. */
  readonly rule: string
  /** What was expected there, as a sentence a person can act on. */
  readonly expected: string
}

export interface ErrorDetails {
  readonly problems?: readonly Problem[]
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number
  /** Whatever else names the cause for a machine: ids, limits, names. */
  readonly [name: string]: unknown
}

/** The one error that Ralph throws on purpose. Anything else that is thrown is a defect and becomes `INTERNAL`. */
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

/** What was thrown, as a sentence for people. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The code of an error of Node or of a driver, such as `ENOENT`; undefined: it has none. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** Whether a text from elsewhere names an error of the table. */
export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(errorCodes, value)
