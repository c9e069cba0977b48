import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { codeOf } from '../errors.ts'

/** How often something is tried, and how long the pauses are, in milliseconds. */
export interface RetryPlan {
  /** All attempts, including the first one. */
  readonly attempts: number
  /** The pause before the second attempt. It doubles before each further one. */
  readonly firstPause: number
  readonly longestPause: number
}

/** About half a minute in total. */
export const usualRetries: RetryPlan = { attempts: 7, firstPause: 500, longestPause: 15_000 }

/**
 * Milliseconds to wait after attempt number `attempt`, from 1. A part of it is random, so that clients that failed together do not come
 * back together.
 */
export const backOff = (attempt: number, { firstPause, longestPause }: RetryPlan): number => {
  const full = Math.min(longestPause, firstPause * 2 ** (attempt - 1))
  const half = Math.floor(full / 2)
  return half + randomInt(half + 1)
}

/** Rejects with the reason of the signal as soon as it is aborted. */
export const pause = async (milliseconds: number, signal: AbortSignal | undefined): Promise<void> => {
  try {
    await setTimeout(milliseconds, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

/**
 * Milliseconds that Retry-After asks for. A time is measured by the clock of the server that wrote it. Undefined: there is no such header.
 */
export const retryAfter = (headers: Headers): number | undefined => {
  const text = headers.get('retry-after')?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const [until, now] = [Date.parse(text), Date.parse(headers.get('date') ?? '')]
  return Number.isNaN(until) || Number.isNaN(now) ? undefined : Math.max(0, until - now)
}

const innermost = (error: unknown): unknown => {
  let cause = error
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause
  return cause
}

/** The cause of "fetch failed": a code such as `ECONNREFUSED`, a message, or both. */
export const networkReason = (error: unknown): string => {
  const cause = innermost(error)
  if (!(cause instanceof Error)) return String(cause)
  return [codeOf(cause), cause.message].filter((each) => each !== undefined && each !== '').join(': ')
}

/** An untrusted certificate will not be trusted in a second, and an error without a code is not an error of the network. */
export const isLasting = (error: unknown): boolean => {
  const code = codeOf(innermost(error))
  return code === undefined || /CERT|SELF_SIGNED|^UNABLE_TO_|^ERR_|EPROTO/.test(code)
}

/** Nothing has answered. If nothing ever has, the address is probably wrong. */
export const isNobodyThere = (error: unknown): boolean =>
  /^(?:ENOTFOUND|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/.test(codeOf(innermost(error)) ?? '')
