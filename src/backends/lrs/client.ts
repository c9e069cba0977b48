import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { backOff, isLasting, isNobodyThere, networkReason, pause, type RetryPlan, retryAfter } from '../retry.ts'
import type { LrsAnswer } from './answer.ts'
import { failureOf, outOfReach } from './failures.ts'

export interface LrsRequest {
  /** JSON text. */
  readonly body?: string
  readonly signal?: AbortSignal | undefined
  /** Where one answer is wanted, however it is. */
  readonly once?: true
}

export interface LrsClient {
  /** Tries again what may go better then. Every status but those is an answer. `STORE_UNAVAILABLE`. */
  send(method: 'GET' | 'POST', url: URL, request?: LrsRequest): Promise<LrsAnswer>
}

/** Says that the same request may be answered otherwise a little later. */
const passing: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504])

/** A longer Retry-After is said, not obeyed: nobody waits for a command that does nothing. */
const longestRetryAfter = 120_000

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`

/** Requests of one LRS. Node's fetch keeps its connections. */
export const createLrsClient = (headers: Headers, log: Log, retries: RetryPlan): LrsClient => {
  /** It answered, or broke off: then the address is right, and it may come back. */
  let wasThere = false

  const once = async (method: 'GET' | 'POST', url: URL, { body, signal }: LrsRequest): Promise<LrsAnswer> => {
    const sent = new Headers(headers)
    if (body === undefined) sent.delete('content-type')
    // A redirected POST would become a GET that stores nothing, and credentials belong to this host.
    const response = await fetch(url, {
      method,
      headers: sent,
      redirect: 'manual',
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { body })
    })
    wasThere = true
    return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
  }

  return {
    send: async (method, url, request = {}) => {
      const { signal } = request
      const attempts = request.once ? 1 : retries.attempts
      for (let attempt = 1; ; attempt += 1) {
        signal?.throwIfAborted()
        let wait = backOff(attempt, retries)
        let reason: string
        try {
          const answer = await once(method, url, request)
          if (!passing.has(answer.status) || request.once) return answer
          wait = Math.max(retryAfter(answer.headers) ?? wait, wait)
          if (attempt >= attempts || wait > longestRetryAfter) throw failureOf(answer, url)
          reason = `answered ${answer.status}`
        } catch (error) {
          signal?.throwIfAborted()
          if (error instanceof RalphError) throw error
          wasThere ||= !isNobodyThere(error)
          const inVain = isLasting(error) || !wasThere
          if (attempt >= attempts || inVain) throw outOfReach(url, error)
          reason = networkReason(error)
        }
        log.warn(`${url.origin}${url.pathname}: ${reason}; trying again in ${seconds(wait)}`)
        await pause(wait, signal)
      }
    }
  }
}
