import { messageOf, RalphError } from '../errors.ts'
import type { LrsAnswer } from '../network/lrs-answer.ts'
import { backOff, isLasting, networkReason, pause, type RetryPlan } from '../network/retry.ts'
import { isGivenUp, whileHeard } from '../network/time-limit.ts'
import { unreachable } from '../network/unreachable.ts'
import type { Forwarding } from '../settings/forwardings.ts'
import type { Version } from '../xapi/version.ts'

/** Bytes. An answer has the ids of the statements, or one statement. */
const longestAnswer = 2 ** 24
/** An answer may arrive byte by byte. All of it may take at most this many times the timeout. */
const longestInTimeouts = 10

const atOnce: RetryPlan = { attempts: 100, firstPause: 100, longestPause: 1000 }

/** What must never be shown, not even if the receiver repeats it. */
const secretsOf = ({ login, hmacSecret, headers }: Forwarding): readonly string[] => {
  const basic = login && Buffer.from(`${login.username}:${login.password}`).toString('base64')
  return [login?.password, basic, hmacSecret, ...Object.values(headers)]
    .filter((each) => each !== undefined && each.length > 2)
    .sort((one = '', other = '') => other.length - one.length)
    .map(String)
}

/** Removes the secrets of a forwarding from a text. */
export const hidingSecretsOf = (forwarding: Forwarding): ((text: string) => string) => {
  const secrets = secretsOf(forwarding)
  return (text) => secrets.reduce((told, secret) => told.replaceAll(secret, '(not shown)'), text)
}

const headersOf = ({ login, headers }: Forwarding, version: string): Headers => {
  const all = new Headers({ 'user-agent': `ralph/${version}` })
  if (login !== undefined) {
    all.set('authorization', `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`)
  }
  for (const [name, value] of Object.entries(headers)) all.set(name, value)
  return all
}

/**
 * Sends requests to the receiver of a forwarding, with its credentials.
 * @param ours version of Ralph, for the header User-Agent
 */
export const createAsking = (forwarding: Forwarding, ours: string) => {
  const { url, place, timeout, maxRetries } = forwarding
  const usual = headersOf(forwarding, ours)

  const askOnce = (method: 'GET' | 'POST', to: URL, headers: Headers, signal: AbortSignal, body?: Buffer) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(longestInTimeouts * timeout)])
    return whileHeard({ place, timeout, signal: limit }, async (heardSignal, heard): Promise<LrsAnswer> => {
      const response = await fetch(to, {
        method,
        headers,
        // The credentials are for this host only, and a redirect may lead to an internal address.
        redirect: 'manual',
        signal: heardSignal,
        ...(body === undefined ? {} : { body: new Uint8Array(body) })
      })
      const chunks: Uint8Array[] = []
      let length = 0
      for await (const chunk of response.body ?? []) {
        heard()
        length += chunk.length
        if (length > longestAnswer) throw new RalphError('STORE_UNAVAILABLE', 'it sends an endless answer')
        chunks.push(chunk)
      }
      return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) }
    })
  }

  /** A connection that failed or broke is tried again at once, as often as the setting says. */
  const ask = async (...request: Parameters<typeof askOnce>): Promise<LrsAnswer> => {
    const [, , , signal] = request
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await askOnce(...request)
      } catch (error) {
        signal.throwIfAborted()
        if (attempt > maxRetries || error instanceof RalphError || isLasting(error)) throw error
        await pause(backOff(attempt, atOnce), signal)
      }
    }
  }

  /** The reason for a missing answer, for the operator. */
  const reasonOf = (error: unknown): string => {
    if (error instanceof RalphError && isGivenUp(error.details)) return `it did not answer within ${timeout / 1000} s`
    if (error instanceof RalphError) return error.message
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      return `its answer was not complete after ${(longestInTimeouts * timeout) / 1000} s`
    }
    const known = unreachable(error, url.origin)
    return known === undefined ? networkReason(error) : messageOf(known).replace(`${url.origin} is unreachable: `, '')
  }

  const requestHeaders = (version: Version, more: Readonly<Record<string, string>> = {}): Headers => {
    const headers = new Headers({ 'x-experience-api-version': version, ...more })
    for (const [name, value] of usual) headers.set(name, value)
    return headers
  }

  return { ask, reasonOf, requestHeaders }
}
