import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { createPersistence } from '../../network/persistence.ts'
import type { RetryPlan } from '../../network/retry.ts'
import type { LrsAnswer } from './answer.ts'
import { failureOf, outOfReach } from './errors.ts'

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

const passing: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504])

/** Requests of one LRS. Node's fetch keeps its connections. */
export const createLrsClient = (headers: Headers, log: Log, plan: RetryPlan): LrsClient => {
  const persistence = createPersistence({ plan, passing, log })

  const send = async (
    method: 'GET' | 'POST',
    url: URL,
    { body, signal }: Pick<LrsRequest, 'body' | 'signal'>
  ): Promise<LrsAnswer> => {
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
    return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
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
