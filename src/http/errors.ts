import type { FastifyReply, FastifyRequest } from 'fastify'
import { codeOf, type ErrorCode, meaningOf, RalphError } from '../errors.ts'
import { errorStatus } from './error-status.ts'
import type { FaultLog } from './every-request/fault-log.ts'
import { letGo } from './share.ts'

/** Ralph's errors for what Fastify, its plugins and Node throw. */
const translations: { readonly [code: string]: (limit: number, own: number | undefined) => RalphError } = {
  FST_ERR_CTP_BODY_TOO_LARGE: (limit, own = limit) =>
    own < limit
      ? new RalphError('BODY_TOO_LARGE', `The body is larger than the ${own} bytes that this path accepts.`, {
          limit: own
        })
      : new RalphError(
          'BODY_TOO_LARGE',
          `The body is larger than the ${limit} bytes of RALPH_RUNSERVER_MAX_BODY_SIZE.`,
          {
            limit,
            setting: 'RALPH_RUNSERVER_MAX_BODY_SIZE'
          }
        ),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new RalphError('MALFORMED_REQUEST', 'The length of the body differs from Content-Length.'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new RalphError(
      'UNSUPPORTED_MEDIA_TYPE',
      'This path does not accept a body with this Content-Type, or the header is malformed.'
    ),
  FST_ERR_BAD_URL: () => new RalphError('MALFORMED_REQUEST', 'The path of the URL is malformed.'),
  Z_DATA_ERROR: () => new RalphError('MALFORMED_REQUEST', 'The body does not match its Content-Encoding.'),
  Z_BUF_ERROR: () => new RalphError('MALFORMED_REQUEST', 'The compressed body ends too early.'),
  ECONNRESET: () => new RalphError('MALFORMED_REQUEST', 'The body ended too early.')
}

/** An error of the client that Fastify or a plugin throws, and that is not in the table above. */
const isOfClient = (error: unknown): error is Error =>
  error instanceof Error &&
  codeOf(error)?.startsWith('FST_') === true &&
  'statusCode' in error &&
  typeof error.statusCode === 'number' &&
  error.statusCode < 500

/** `limit` is that of all bodies, and `own` that of the route. */
export const asRalphError = (error: unknown, limit: number, own?: number): RalphError => {
  if (error instanceof RalphError) return error
  const code = codeOf(error) ?? ''
  const translated = translations[code]?.(limit, own)
  if (translated) return translated
  if (code.startsWith('ERR__ERROR_FORMAT') || code.startsWith('Z_')) {
    return new RalphError('MALFORMED_REQUEST', 'The body does not match its Content-Encoding.')
  }
  if (isOfClient(error)) return new RalphError('MALFORMED_REQUEST', error.message)
  return new RalphError('INTERNAL', 'Ralph failed. The log of the server has the cause.', {}, { cause: error })
}

/** Faults of the server whose own message is sent to the client. The messages of other faults name hosts, paths and tables. */
const ownWords: ReadonlySet<ErrorCode> = new Set(['OVERLOADED', 'INTERNAL'])

/** What a client may know of a fault of the server. The log has the rest. */
const forClient = (error: RalphError): RalphError => {
  if (errorStatus[error.code] < 500 || ownWords.has(error.code)) return error
  const { retryAfter, setting } = error.details
  const details = { ...(retryAfter === undefined ? {} : { retryAfter }), ...(setting === undefined ? {} : { setting }) }
  return new RalphError(error.code, `${meaningOf(error.code)} The log of the server has more.`, details)
}

/** The most characters of a client's text that an error repeats. An answer must not be larger than its request. */
const longestEcho = 1000

const cut = (text: string): string => (text.length > longestEcho ? `${text.slice(0, longestEcho)}…` : text)

/** The most values of a list in an error. More of them would not help. */
const longestList = 100

const shortened = (value: unknown): unknown => {
  if (typeof value === 'string') return cut(value)
  if (Array.isArray(value)) return value.slice(0, longestList).map(shortened)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).slice(0, longestList)
  return Object.fromEntries(entries.map(([key, each]) => [cut(key), shortened(each)]))
}

/**
 * The body of every error: its code, a message for people, and details. The message is also under `detail`, where clients of Python Ralph
 * read it.
 */
export const errorBody = (error: RalphError, requestId?: string): object => {
  const { code, message: whole, details } = forClient(error)
  const message = cut(whole)
  const more = shortened(details) as object
  return { error: code, message, detail: message, ...more, ...(requestId === undefined ? {} : { requestId }) }
}

/** The path exists, but not with this method. */
export const methodNotAllowed = (path: string, method: string, allow: string): RalphError =>
  new RalphError('METHOD_NOT_ALLOWED', `${path} does not support the method ${method}.`, { allow })

/** The facts about the server that every error answer needs. */
export interface Replying {
  /** The most bytes of a body. */
  readonly limit: number
  readonly faults: FaultLog
  /** The challenges of an answer 401, one for each way to authenticate. */
  readonly challenges: readonly string[]
  /** Called with every error that a client is told of. */
  readonly onRefused?: ((error: RalphError) => void) | undefined
}

/** Sends the error, and logs it if the server is at fault. */
export const replyWithError = (
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { limit, faults, challenges, onRefused }: Replying
): FastifyReply => {
  letGo(request)
  const error = asRalphError(thrown, limit, request.routeOptions.bodyLimit)
  onRefused?.(error)
  const status = errorStatus[error.code]
  const own = status >= 500
  if (own) faults.note(thrown, error, status, request.id)
  if (error.code === 'METHOD_NOT_ALLOWED') reply.header('allow', error.details.allow)
  // The rest of the request is not waited for.
  if (error.code === 'REQUEST_TIMEOUT') reply.header('connection', 'close')
  if (status === 401) reply.header('www-authenticate', challenges)
  if (error.details.retryAfter !== undefined) reply.header('retry-after', String(error.details.retryAfter))
  else if (status === 503) reply.header('retry-after', '5')
  const body = JSON.stringify(errorBody(error, own ? request.id : undefined))
  if (!reply.raw.closed) request.share?.hold(Buffer.byteLength(body))
  return reply.status(status).type('application/json; charset=utf-8').send(body)
}
