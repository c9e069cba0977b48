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
  /** Without a slash at its end. */
  readonly endpoint: string
  readonly keys: ApiKeys
  /** The time limit of an answer, in seconds. */
  readonly requestTimeout: number | undefined
  readonly clock: Clock
  readonly log: Log
  readonly retries: RetryPlan
}

type Method = 'GET' | 'POST'

interface Sent {
  readonly headers: Headers
  readonly body?: string
}

/** The API of OVH, version 1.0. */
export interface OvhApi {
  /** A call that is signed with the keys. @param path below the endpoint, with its leading slash and with encoded parts */
  call(method: Method, path: string, signal?: AbortSignal): Promise<unknown>
  /** A call without a signature. It needs only the application key. @param body becomes JSON */
  callUnsigned(method: Method, path: string, body: object, signal?: AbortSignal): Promise<unknown>
}

const passing: ReadonlySet<number> = new Set([429, 500, 502, 503, 504])

export const signatureOf = (keys: ApiKeys, method: Method, url: string, body: string, time: number): string => {
  const signed = [keys.applicationSecret, keys.consumerKey, method, url, body, time].join('+')
  return `$1$${createHash('sha1').update(signed).digest('hex')}`
}

/** Sends one request and reads the whole answer, within the time limit in seconds. */
const once = async (
  method: Method,
  url: string,
  { headers, body }: Sent,
  { requestTimeout, signal }: { readonly requestTimeout: number | undefined; readonly signal: AbortSignal | undefined }
): Promise<ApiAnswer> => {
  const limit = requestTimeout === undefined ? undefined : AbortSignal.timeout(requestTimeout * 1000)
  const signals = [signal, limit].filter((each) => each !== undefined)
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: body ?? null,
      redirect: 'manual',
      signal: AbortSignal.any(signals)
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  } catch (error) {
    signal?.throwIfAborted()
    if (!limit?.aborted) throw error
    throw new Error('no answer in time', { cause: Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }) })
  }
}

/** The value that the API answered. A failure that the answer tells is thrown. */
const contentOf = (endpoint: string, method: Method, path: string, answer: ApiAnswer): unknown => {
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

export const createOvhApi = ({ endpoint, keys, requestTimeout, clock, log, retries }: ApiOptions): OvhApi => {
  const seconds = (): number => clock() / 1e6
  /** How far the clock of the server is ahead of ours. A signature is valid only for a short time. */
  let ahead: Promise<number> | undefined
  const persistence = createPersistence({ plan: retries, passing, log })

  const send = async (
    method: Method,
    url: string,
    sentNow: () => Promise<Sent>,
    signal?: AbortSignal
  ): Promise<ApiAnswer> => {
    const { host } = new URL(endpoint)
    try {
      return await persistence.run(
        host,
        async () => once(method, url, await sentNow(), { requestTimeout, signal }),
        signal
      )
    } catch (error) {
      signal?.throwIfAborted()
      throw error instanceof RalphError ? error : apiOutOfReach(endpoint, error)
    }
  }

  const unsigned = async (): Promise<Sent> => ({ headers: new Headers({ 'X-Ovh-Application': keys.applicationKey }) })

  const askTime = async (signal?: AbortSignal): Promise<number> => {
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
    const sentNow = async (): Promise<Sent> => {
      const time = Math.round(seconds() + (await timeAhead(signal)))
      const headers = new Headers({
        'X-Ovh-Application': keys.applicationKey,
        'X-Ovh-Consumer': keys.consumerKey,
        'X-Ovh-Timestamp': String(time),
        'X-Ovh-Signature': signatureOf(keys, method, url, '', time)
      })
      return { headers }
    }
    return send(method, url, sentNow, signal)
  }

  return {
    call: async (method, path, signal) => {
      let answer = await signed(method, path, signal)
      if (errorCodeOf(answer) === 'QUERY_TIME_OUT') {
        // One of the clocks was changed meanwhile.
        ahead = undefined
        answer = await signed(method, path, signal)
      }
      return contentOf(endpoint, method, path, answer)
    },
    callUnsigned: async (method, path, body, signal) => {
      const sentNow = async (): Promise<Sent> => {
        const { headers } = await unsigned()
        headers.set('Content-Type', 'application/json')
        return { headers, body: JSON.stringify(body) }
      }
      return contentOf(endpoint, method, path, await send(method, `${endpoint}${path}`, sentNow, signal))
    }
  }
}
