import { createHash } from 'node:crypto'
import type { Clock } from '../../contracts/clock.ts'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { createPersistence } from '../../network/persistence.ts'
import type { RetryPlan } from '../../network/retry.ts'
import { type ApiAnswer, apiFailure, apiOutOfReach, errorCodeOf } from './errors.ts'

export interface ApiKeys {
  readonly applicationKey: string
  readonly applicationSecret: string
  readonly consumerKey: string
}

export interface ApiOptions {
  /** Without slash at its end. */
  readonly endpoint: string
  readonly keys: ApiKeys
  /** Of an answer, in seconds. */
  readonly requestTimeout: number | undefined
  readonly clock: Clock
  readonly log: Log
  readonly retries: RetryPlan
}

type Method = 'GET' | 'POST'

/** The API of OVH, version 1.0. */
export interface OvhApi {
  /** @param path below the endpoint, from its slash on; what is in it is encoded. */
  call(method: Method, path: string, signal?: AbortSignal): Promise<unknown>
}

const passing: ReadonlySet<number> = new Set([429, 500, 502, 503, 504])

export const signatureOf = (keys: ApiKeys, method: Method, url: string, body: string, time: number): string => {
  const signed = [keys.applicationSecret, keys.consumerKey, method, url, body, time].join('+')
  return `$1$${createHash('sha1').update(signed).digest('hex')}`
}

export const createOvhApi = ({ endpoint, keys, requestTimeout, clock, log, retries }: ApiOptions): OvhApi => {
  const seconds = (): number => clock() / 1e6
  /** What the clock of the server is ahead of ours; a signature is good for a short time around it. */
  let ahead: Promise<number> | undefined
  const persistence = createPersistence({ plan: retries, passing, log })

  const once = async (method: Method, url: string, headers: Headers, signal?: AbortSignal): Promise<ApiAnswer> => {
    const limit = requestTimeout === undefined ? undefined : AbortSignal.timeout(requestTimeout * 1000)
    const signals = [signal, limit].filter((each) => each !== undefined)
    try {
      const response = await fetch(url, { method, headers, redirect: 'manual', signal: AbortSignal.any(signals) })
      return { status: response.status, headers: response.headers, text: await response.text() }
    } catch (error) {
      signal?.throwIfAborted()
      if (!limit?.aborted) throw error
      throw new Error('no answer in time', { cause: Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }) })
    }
  }

  const send = async (
    method: Method,
    url: string,
    headersNow: () => Promise<Headers>,
    signal?: AbortSignal
  ): Promise<ApiAnswer> => {
    const { host } = new URL(endpoint)
    try {
      return await persistence.run(host, async () => once(method, url, await headersNow(), signal), signal)
    } catch (error) {
      signal?.throwIfAborted()
      throw error instanceof RalphError ? error : apiOutOfReach(endpoint, error)
    }
  }

  const askTime = async (signal?: AbortSignal): Promise<number> => {
    const unsigned = async () => new Headers({ 'X-Ovh-Application': keys.applicationKey })
    const answer = await send('GET', `${endpoint}/auth/time`, unsigned, signal)
    if (answer.status === 200 && /^\d+$/.test(answer.text.trim())) return Number(answer.text) - seconds()
    throw apiFailure(endpoint, 'GET', '/auth/time', answer)
  }

  const timeAhead = (signal?: AbortSignal): Promise<number> => {
    ahead ??= askTime(signal).catch((error: unknown) => {
      ahead = undefined
      throw error
    })
    return ahead
  }

  const signed = async (method: Method, path: string, signal?: AbortSignal): Promise<ApiAnswer> => {
    const url = `${endpoint}${path}`
    const headersNow = async (): Promise<Headers> => {
      const time = Math.round(seconds() + (await timeAhead(signal)))
      return new Headers({
        'X-Ovh-Application': keys.applicationKey,
        'X-Ovh-Consumer': keys.consumerKey,
        'X-Ovh-Timestamp': String(time),
        'X-Ovh-Signature': signatureOf(keys, method, url, '', time)
      })
    }
    return send(method, url, headersNow, signal)
  }

  return {
    call: async (method, path, signal) => {
      let answer = await signed(method, path, signal)
      if (errorCodeOf(answer) === 'QUERY_TIME_OUT') {
        // One of the clocks was set since.
        ahead = undefined
        answer = await signed(method, path, signal)
      }
      if (answer.status < 200 || answer.status > 299) throw apiFailure(endpoint, method, path, answer)
      if (answer.status === 204) return null
      try {
        return JSON.parse(answer.text)
      } catch (error) {
        throw new RalphError(
          'STORE_UNAVAILABLE',
          `${new URL(endpoint).host} answered no JSON: is ENDPOINT that of an API of OVH?`,
          {},
          { cause: error }
        )
      }
    }
  }
}
