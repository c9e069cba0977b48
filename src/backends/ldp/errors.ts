import { type ErrorCode, RalphError } from '../../errors.ts'
import { networkReason } from '../../network/retry.ts'
import { unreachable } from '../../network/unreachable.ts'
import { tokenPage } from './endpoints.ts'

export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

interface Fault {
  readonly errorCode: string | undefined
  readonly message: string
}

const textAt = (value: object, key: string): string | undefined => {
  const member: unknown = Reflect.get(value, key)
  return typeof member === 'string' ? member : undefined
}

const faultIn = ({ text }: ApiAnswer): Fault => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return { errorCode: undefined, message: '' }
    const message = (textAt(value, 'message') ?? '').replace(/[\s\p{Cc}]+/gu, ' ').trim()
    return { errorCode: textAt(value, 'errorCode'), message }
  } catch {
    return { errorCode: undefined, message: '' }
  }
}

export const errorCodeOf = (answer: ApiAnswer): string | undefined =>
  answer.status < 400 ? undefined : faultIn(answer).errorCode

/** The right that a token needs for a call, in the form of OVH: `*` stands for ids. */
const rightFor = (method: string, path: string): string =>
  `${method} ${path
    .replace(/^(\/dbaas\/logs\/)[^/]+/, '$1*')
    .replace(/(\/stream\/)[^/]+/, '$1*')
    .replace(/(\/archive\/)[^/]+/, '$1*')}`

const unknownKeys: ReadonlyMap<string, string> = new Map([
  ['INVALID_KEY', 'the application key is not known there'],
  ['INVALID_CREDENTIAL', 'the consumer key is not valid, or has expired'],
  ['NOT_CREDENTIAL', 'the consumer key is missing or not known'],
  ['INVALID_SIGNATURE', 'the application secret is wrong'],
  ['QUERY_TIME_OUT', 'the clocks do not agree']
])

const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [404, 'NOT_FOUND'],
  // OVH: the service has expired.
  [460, 'NOT_FOUND']
])

/** The error for an answer of the API that is not the expected one. */
export const apiFailure = (endpoint: string, method: string, path: string, answer: ApiAnswer): RalphError => {
  const { errorCode, message } = faultIn(answer)
  const { host } = new URL(endpoint)
  const details = { status: answer.status, ...(errorCode === undefined ? {} : { errorCode }) }
  const said = message === '' ? '' : ` (${message})`
  const keys = unknownKeys.get(errorCode ?? '')
  if (keys !== undefined) {
    const advice = `${keys}: see ${tokenPage(endpoint)}`
    return new RalphError('UNAUTHENTICATED', `${host} does not accept the request${said}: ${advice}`, details)
  }
  if (errorCode === 'NOT_GRANTED_CALL') {
    const advice = `the token lacks the right ${rightFor(method, path)}: make one that has it at ${tokenPage(endpoint)}`
    return new RalphError('FORBIDDEN', `${host} refuses${said}: ${advice}`, details)
  }
  const code = codes.get(answer.status) ?? 'STORE_UNAVAILABLE'
  return new RalphError(code, `${host} answered ${answer.status} to ${method} ${path}${said}`, details)
}

export const apiOutOfReach = (endpoint: string, error: unknown): RalphError => {
  const { origin } = new URL(endpoint)
  return (
    unreachable(error, origin) ??
    new RalphError('STORE_UNAVAILABLE', `${origin} is unreachable: ${networkReason(error)}`, {}, { cause: error })
  )
}
