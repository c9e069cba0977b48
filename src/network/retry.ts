import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { codeOf } from '../errors.ts'

/** How often something is tried before it counts as failed, and how long the pauses are, in milliseconds. */
export interface RetryPlan {
  /** Attempts in all, the first one included. */
  readonly attempts: number
  /** Before the second attempt; twice as long before each further one. */
  readonly firstPause: number
  readonly longestPause: number
}

/** About half a minute in all. */
export const usualRetries: RetryPlan = { attempts: 7, firstPause: 500, longestPause: 15_000 }

/**
 * Milliseconds to wait after the attempt of this number, from 1. A part of it is by chance, so that those whom the
 * same failure hit do not come back together.
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

/** What Retry-After asks for in milliseconds, as a time measured by the clock that wrote it; undefined: nothing. */
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

/** What lies under "fetch failed": a code as `ECONNREFUSED`, a message, or both. */
export const networkReason = (error: unknown): string => {
  const cause = innermost(error)
  if (!(cause instanceof Error)) return String(cause)
  return [codeOf(cause), cause.message].filter((each) => each !== undefined && each !== '').join(': ')
}

/** Who does not trust a certificate now will not trust it in a second; and what has no code is no matter of networks. */
export const isLasting = (error: unknown): boolean => {
  const code = codeOf(innermost(error))
  return code === undefined || /CERT|SELF_SIGNED|^UNABLE_TO_|^ERR_|EPROTO/.test(code)
}

/** Nobody was there: if nobody ever was, most likely the address is wrong. */
export const isNobodyThere = (error: unknown): boolean =>
  /^(?:ENOTFOUND|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/.test(codeOf(innermost(error)) ?? '')
