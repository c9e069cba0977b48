import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import { backOff } from '../../network/resuming.ts'
import { isPassingNetworkError, unreachable } from '../../network/unreachable.ts'
import { createHttpClient, type HttpAnswer, type HttpRequest, type StreamedBody, textOf } from './http.ts'
import { authenticate, type Granted, type SwiftAccess } from './keystone.ts'
import { parseStorageUrl, type StorageUrl } from './object-path.ts'

export interface SessionOptions extends SwiftAccess {
  readonly objectStorageUrl: string | undefined
  readonly clock: Clock
  /** Milliseconds without a byte after which a request is given up. */
  readonly timeout: number
  /** True: any certificate of the servers is accepted. */
  readonly insecure?: boolean
}

export interface SwiftRequest {
  readonly method: string
  /** The path in the account, from `pathOf`. */
  readonly path: string
  readonly headers?: { readonly [name: string]: string }
  readonly body?: HttpRequest['body']
  readonly signal: AbortSignal | undefined
}

export interface SwiftAnswer extends HttpAnswer {
  /** The number of attempts. The answer may be about the result of an earlier attempt. */
  readonly attempts: number
}

/** Requests to one account. The token is requested when it is needed. */
export interface SwiftSession {
  /**
   * Returns any answer, except that the token is invalid or that the server cannot answer now. In these cases the request is repeated for a
   * while, unless a streamed body has begun. After that it throws `UNAUTHENTICATED` or `STORE_UNAVAILABLE`.
   */
  request(request: SwiftRequest): Promise<SwiftAnswer>
  close(): void
}

const maxAttempts = 5
/** Before the end of the token: the clocks may differ, and a request takes a while to arrive. */
const margin = 60_000_000
const busy = new Set([408, 429, 498, 500, 502, 503, 504])

const storageOf = ({ storageUrl, regions }: Granted, { regionName, objectStorageUrl }: SessionOptions): StorageUrl => {
  const url = objectStorageUrl ?? storageUrl
  if (url !== undefined) return parseStorageUrl(url)
  const prefix = 'RALPH_BACKENDS__DATA__SWIFT__'
  throw new RalphError(
    'INVALID_SETTING',
    regions.length === 0
      ? `the identity service names no object storage: set ${prefix}TENANT_NAME or ${prefix}TENANT_ID, or ${prefix}OBJECT_STORAGE_URL`
      : `there is no object storage in region ${regionName}: set ${prefix}REGION_NAME to one of ${regions.join(', ')}`
  )
}

/** Waits as long as the server asks, up to a limit. */
const pause = async (attempts: number, answer: HttpAnswer | undefined, signal: AbortSignal | undefined) => {
  const seconds = Number(answer?.headers['retry-after'] ?? 0)
  // 50 ms doubled nine times are 25 seconds.
  const asked = seconds > 0 ? Math.min(9, Math.ceil(Math.log2(seconds * 20))) : 0
  await backOff(Math.max(attempts, asked), signal)
}

export const createSession = (options: SessionOptions): SwiftSession => {
  const { clock } = options
  const http = createHttpClient(options.timeout, options.insecure)
  let granting: Promise<Granted> | undefined

  const grant = async (signal: AbortSignal | undefined): Promise<Granted> => {
    const held = await granting?.catch(() => undefined)
    if (held !== undefined && (held.expires === undefined || held.expires - margin > clock())) return held
    const next = authenticate(http, options, clock, signal)
    granting = next
    try {
      return await next
    } catch (error) {
      if (granting === next) granting = undefined
      signal?.throwIfAborted()
      throw unreachable(error, new URL(options.authUrl).origin) ?? error
    }
  }

  const request = async ({ method, path, headers = {}, body, signal }: SwiftRequest): Promise<SwiftAnswer> => {
    let begun = false
    let failed: { readonly error: unknown } | undefined
    const watch = (stream: StreamedBody): StreamedBody => ({
      next: () => {
        begun = true
        return stream.next().catch((error: unknown) => {
          failed = { error }
          throw error
        })
      }
    })
    const sent = body !== undefined && 'next' in body ? watch(body) : body
    let renewed = false
    for (let attempts = 1; ; attempts += 1) {
      signal?.throwIfAborted()
      const granted = await grant(signal)
      const { origin, path: account } = storageOf(granted, options)
      let answer: HttpAnswer
      try {
        const own = { 'x-auth-token': granted.token, ...headers }
        answer = await http.send({ method, origin, path: account + path, headers: own, body: sent, signal })
      } catch (error) {
        signal?.throwIfAborted()
        if (failed !== undefined) throw failed.error
        if (begun || attempts >= maxAttempts || !isPassingNetworkError(error)) throw unreachable(error, origin) ?? error
        await pause(attempts, undefined, signal)
        continue
      }
      if (answer.status === 401) {
        await textOf(answer)
        if (renewed || begun) {
          const message = `${origin} rejects the token of the identity service: check the tenant and the region`
          throw new RalphError('UNAUTHENTICATED', message)
        }
        renewed = true
        granting = undefined
        continue
      }
      if (!busy.has(answer.status)) return { ...answer, attempts }
      await textOf(answer)
      if (begun || attempts >= maxAttempts) {
        const message = `${origin} answers ${answer.status} to ${method} ${path}: try again later`
        throw new RalphError('STORE_UNAVAILABLE', message, { status: answer.status })
      }
      await pause(attempts, answer, signal)
    }
  }

  return { request, close: http.close }
}
