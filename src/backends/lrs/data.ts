import type { RecordsBackend } from '../../contracts/data-backend.ts'
import type { Log } from '../../contracts/log.ts'
import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { statusAndMessage } from '../../network/lrs-answer.ts'
import { type RetryPlan, usualRetries } from '../../network/retry.ts'
import { createLrsClient } from './client.ts'
import { outOfReach } from './errors.ts'
import { readLrs } from './read.ts'
import { writeLrs } from './write.ts'

export interface LrsDataOptions {
  /** With a slash at its end. */
  readonly baseUrl: string
  /** With the credentials. */
  readonly headers: Headers
  readonly statusEndpoint: string
  readonly statementsEndpoint: string
  readonly log: Log
  /** Milliseconds without a byte after which a request is given up. */
  readonly timeout: number
  readonly retries?: RetryPlan
}

/** A path that leads to another host would send the credentials there. */
const endpoint = (baseUrl: string, path: string): URL => {
  const url = URL.canParse(path, baseUrl) ? new URL(path, baseUrl) : undefined
  if (url !== undefined && url.origin === new URL(baseUrl).origin) return url
  throw new RalphError('INVALID_SETTING', `${JSON.stringify(path)} is not a path of the LRS`, { path })
}

/** The statements of any LRS, over HTTP as the specification defines it. */
export const openLrsData = async (options: LrsDataOptions): Promise<RecordsBackend> => {
  const { baseUrl, headers, statusEndpoint, statementsEndpoint, log, timeout, retries = usualRetries } = options
  const client = createLrsClient({ headers, log, plan: retries, timeout })
  const closed = new AbortController()
  const statements = (target: string | undefined): URL => endpoint(baseUrl, target ?? statementsEndpoint)
  const until = (signal: AbortSignal | undefined): AbortSignal =>
    signal === undefined ? closed.signal : AbortSignal.any([signal, closed.signal])

  /** Undefined: there is no fault. */
  const faultAt = async (url: URL, signal: AbortSignal): Promise<string | undefined> => {
    const answer = await client.send('GET', url, { signal, once: true })
    return answer.status === 200 ? undefined : `${url.href} answered ${statusAndMessage(answer)}`
  }

  const status = async ({ signal }: CallOptions = {}): Promise<BackendStatus> => {
    const all = until(signal)
    const health = endpoint(baseUrl, statusEndpoint)
    const url = statements(undefined)
    try {
      const fault = await faultAt(health, all)
      // Other LRSs do not have this path, but every LRS has About (Communication §2.8).
      if (fault !== undefined && (await faultAt(new URL('about', url), all)) !== undefined) {
        return { state: 'error', detail: fault }
      }
      url.searchParams.set('limit', '1')
      const answer = await client.send('GET', url, { signal: all, once: true })
      if (answer.status !== 401) return { state: 'ok' }
      return { state: 'error', detail: 'the user name or the password is wrong' }
    } catch (error) {
      signal?.throwIfAborted()
      const { message } = error instanceof RalphError ? error : outOfReach(health, error)
      return { state: 'away', detail: message }
    }
  }

  return {
    moves: 'records',
    status,
    read: (query, { signal, target, ...others }) => {
      const reader = { client, url: statements(target), log }
      return readLrs(reader, query, { ...others, signal: until(signal) })
    },
    write: (batch, { signal, target, ...others }) => {
      const writer = { client, url: statements(target) }
      return writeLrs(writer, batch, { ...others, signal: until(signal) })
    },
    close: async () => {
      closed.abort(new RalphError('INTERRUPTED', 'the backend was closed'))
    }
  }
}
