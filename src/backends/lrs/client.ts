import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import type { LrsAnswer } from '../../network/lrs-answer.ts'
import { createPersistence } from '../../network/persistence.ts'
import type { RetryPlan } from '../../network/retry.ts'
import { whileHeard } from '../../network/time-limit.ts'
import { failureOf, outOfReach } from './errors.ts'

export interface LrsRequest {
  /** JSON text. */
  readonly body?: string
  readonly signal?: AbortSignal | undefined
  /** Sends the request once, and returns any answer. */
  readonly once?: true
}

export interface LrsClient {
  /** Repeats a request that may succeed later. Every other status is an answer. Throws `STORE_UNAVAILABLE`. */
  send(method: 'GET' | 'POST', url: URL, request?: LrsRequest): Promise<LrsAnswer>
}

const passing: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504])

/** Requests to one LRS. Node's fetch keeps its connections. */
export interface LrsClientOptions {
  /** With the credentials. */
  readonly headers: Headers
  readonly log: Log
  readonly plan: RetryPlan
  /** Milliseconds without a byte after which a request is given up. */
  readonly timeout: number
}

export const createLrsClient = ({ headers, log, plan, timeout }: LrsClientOptions): LrsClient => {
  const persistence = createPersistence({ plan, passing, log })

  const send = async (
    method: 'GET' | 'POST',
    url: URL,
    { body, signal }: Pick<LrsRequest, 'body' | 'signal'>
  ): Promise<LrsAnswer> => {
    const sent = new Headers(headers)
    if (body === undefined) sent.delete('content-type')
    const place = `the LRS at ${url.origin}`
    return whileHeard({ place, timeout, signal }, async (heardSignal, heard) => {
      // A redirected POST would become a GET that stores nothing. And the credentials are only for this host.
      const response = await fetch(url, {
        method,
        headers: sent,
        redirect: 'manual',
        signal: heardSignal,
        ...(body === undefined ? {} : { body })
      })
      const chunks: Uint8Array[] = []
      for await (const chunk of response.body ?? []) {
        heard()
        chunks.push(chunk)
      }
      return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) }
    })
  }

  return {
    send: async (method, url, { once, ...request } = {}) => {
      const { signal } = request
      try {
        if (once) return await send(method, url, request)
        const place = `${url.origin}${url.pathname}`
        const answer = await persistence.run(place, () => send(method, url, request), signal)
        if (!passing.has(answer.status)) return answer
        throw failureOf(answer, url)
      } catch (error) {
        signal?.throwIfAborted()
        throw error instanceof RalphError ? error : outOfReach(url, error)
      }
    }
  }
}
