import { type ServiceError, status } from '@grpc/grpc-js'
import { type ErrorCode, isErrorCode, messageOf, RalphError } from '../../errors.ts'

export const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'number' &&
  'details' in error &&
  'metadata' in error

/** The error code that the server sent. Undefined: the answer did not come from a server of Ralph. */
export const saidBy = ({ metadata }: ServiceError): ErrorCode | undefined => {
  const [code] = metadata.get('ralph-error')
  return isErrorCode(code) ? code : undefined
}

const passing: ReadonlySet<status> = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED])

/** Whether the same call may succeed a little later, or on another server: the server is unreachable, broke off, or has too much to do. */
export const isPassing = (error: unknown): boolean =>
  (error instanceof RalphError && error.code === 'STORE_UNAVAILABLE') ||
  (isServiceError(error) &&
    (passing.has(error.code) || (error.code === status.INTERNAL && saidBy(error) === undefined)))

/** The refusal is about the sent statements. Some of them may be valid. */
export const isRefusal = (error: unknown): error is ServiceError =>
  isServiceError(error) &&
  ([status.INVALID_ARGUMENT, status.ALREADY_EXISTS].includes(error.code) ||
    (error.code === status.RESOURCE_EXHAUSTED && saidBy(error) !== 'STORE_FULL'))

const codes: ReadonlyMap<status, ErrorCode> = new Map([
  [status.INVALID_ARGUMENT, 'INVALID_QUERY'],
  [status.UNAUTHENTICATED, 'UNAUTHENTICATED'],
  [status.PERMISSION_DENIED, 'FORBIDDEN'],
  [status.NOT_FOUND, 'NOT_FOUND'],
  [status.RESOURCE_EXHAUSTED, 'STORE_FULL']
])

/** `UNAVAILABLE: nothing listens there` */
export const sentenceOf = ({ code, details }: ServiceError): string => `${status[code] ?? code}: ${details}`

export const failureOf = (error: unknown, address: string): RalphError => {
  if (error instanceof RalphError) return error
  if (!isServiceError(error)) return new RalphError('INTERNAL', messageOf(error), {}, { cause: error })
  const hint = error.code === status.UNAUTHENTICATED ? '; check --grpc-username and --grpc-password' : ''
  const what = isPassing(error) ? 'is unreachable' : 'answered'
  return new RalphError(
    codes.get(error.code) ?? 'STORE_UNAVAILABLE',
    `the gRPC server at ${address} ${what} (${sentenceOf(error)})${hint}`,
    {},
    { cause: error }
  )
}
