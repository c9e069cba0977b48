/**
 * Every way in which Ralph can refuse or fail, in one table. A code says nothing of HTTP or of processes:
 * `http/error-status.ts` gives each its status and `cli/exit-code.ts` its exit code, both exhaustively.
 */
export const errorCodes = {
  // What the client sent.
  INVALID_JSON: 'the body is not JSON',
  INVALID_STATEMENT: 'a statement breaks a rule of the specification',
  INVALID_PARAMETER: 'a query parameter is unknown, repeated, of the wrong form, or contradicts another',
  INVALID_HEADER: 'a request header is missing or of the wrong form',
  INVALID_VERSION: 'X-Experience-API-Version is missing or names a version that is not supported',
  INVALID_CURSOR: 'a `more` link was altered',
  INVALID_MULTIPART: 'a multipart/mixed body is malformed',
  INVALID_ATTACHMENT: 'attachments and the parts sent with them do not agree',
  INVALID_SIGNATURE: 'a signed statement does not carry the signature it claims',
  INVALID_DOCUMENT: 'a document cannot be stored or merged',
  BODY_TOO_LARGE: 'the body exceeds the configured limit',
  TOO_MANY_STATEMENTS: 'the request brings more statements than the configured limit',
  HEADERS_TOO_LARGE: 'the request headers exceed the limit of the server',
  UNSUPPORTED_MEDIA_TYPE: 'the content type or the content encoding is not supported',
  MALFORMED_REQUEST: 'the request is not well-formed HTTP',
  REQUEST_TIMEOUT: 'the request took too long to arrive',
  // Who sent it.
  UNAUTHENTICATED: 'credentials are missing or wrong',
  FORBIDDEN: 'the credentials lack a scope',
  // What is there.
  NOT_FOUND: 'there is no such resource',
  METHOD_NOT_ALLOWED: 'the resource does not have this method',
  STATEMENT_CONFLICT: 'another statement has this id',
  DOCUMENT_CONFLICT: 'the document exists and the request does not say which state it replaces',
  PRECONDITION_FAILED: 'If-Match or If-None-Match does not hold',
  // What the server can do now.
  OVERLOADED: 'the server has more to do than it can take',
  STORE_UNAVAILABLE: 'the store is out of reach',
  STORE_FULL: 'the store can take no more: storage is full or read-only',
  STORE_CORRUPT: 'the store holds something that it cannot have written',
  STORE_IN_USE: 'another process writes to this store: stop it, or give this one a store of its own',
  // What a command met.
  INVALID_QUERY: 'the backend does not understand what it was asked to read',
  ALREADY_THERE: 'there is something else of this name or id already',
  UNSUPPORTED_OPERATION: 'the backend cannot do this',
  INTERRUPTED: 'the command was stopped before it had done everything',
  // How it was started.
  INVALID_SETTING: 'a setting has a value that it cannot have',
  INVALID_AUTH_FILE: 'the auth file is missing or malformed',
  UNKNOWN_BACKEND: 'there is no backend of this name',
  ADDRESS_UNAVAILABLE: 'the server cannot listen on this address',
  USAGE: 'the command was called with the wrong words',
  INVALID_INPUT: 'some of the input of a command is invalid',
  INTERNAL: 'a defect of Ralph'
} as const

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

/** What was thrown, as a sentence for people. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The code of an error of Node or of a driver, such as `ENOENT`; undefined: it has none. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
