import type { ArchiveDetails } from '../../contracts/archive-source.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { BytesBackend, Listed, ListOptions, ReadOptions } from '../../contracts/data-backend.ts'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { type RetryPlan, usualRetries } from '../../network/retry.ts'
import { statusByAsking } from '../../storage/status.ts'
import { createOvhApi, type OvhApi } from './api.ts'
import { archivesPath, detailsOf, linkTo, listArchives } from './archive.ts'
import { download } from './download.ts'

export interface LdpDataOptions {
  /** The URL of the API, without a slash at its end. */
  readonly endpoint: string
  readonly applicationKey: string | undefined
  readonly applicationSecret: string | undefined
  readonly consumerKey: string | undefined
  readonly serviceName: string | undefined
  /** The stream when the command names no target. */
  readonly streamId: string | undefined
  readonly requestTimeout: number | undefined
  readonly unsealTimeout: number
  readonly clock: Clock
  readonly log: Log
  readonly retries?: RetryPlan
}

/** How many details are requested at the same time. */
const detailsAtOnce = 8

/** A stream of an account, and the API for it. */
interface Stream {
  readonly api: OvhApi
  readonly stream: string
  /** The path of its archives in the API. */
  readonly path: string
}

/** Archives of a stream of OVH's Logs Data Platform. */
export const openLdpData = async (options: LdpDataOptions): Promise<BytesBackend> => {
  const { log, requestTimeout, unsealTimeout } = options
  const closed = new AbortController()
  let api: OvhApi | undefined

  /** Throws `INVALID_SETTING`, which names all missing settings. */
  const streamOf = (target: string | undefined): Stream => {
    const { applicationKey = '', applicationSecret = '', consumerKey = '', serviceName = '' } = options
    const stream = target ?? options.streamId ?? ''
    const missing = Object.entries({
      APPLICATION_KEY: applicationKey,
      APPLICATION_SECRET: applicationSecret,
      CONSUMER_KEY: consumerKey,
      SERVICE_NAME: serviceName,
      DEFAULT_STREAM_ID: stream
    }).flatMap(([name, value]) => (value === '' ? [`RALPH_BACKENDS__DATA__LDP__${name}`] : []))
    if (missing.length > 0) {
      throw new RalphError('INVALID_SETTING', `the Logs Data Platform needs ${missing.join(', ')}: not set`, {
        missing
      })
    }
    const keys = { applicationKey, applicationSecret, consumerKey }
    api ??= createOvhApi({ ...options, keys, retries: options.retries ?? usualRetries })
    return { api, stream, path: archivesPath(serviceName, stream) }
  }

  const until = (signal: AbortSignal | undefined): AbortSignal =>
    signal === undefined ? closed.signal : AbortSignal.any([signal, closed.signal])

  async function* list(options: ListOptions): AsyncGenerator<Listed, void, undefined> {
    const { api, stream, path } = streamOf(options.target)
    const signal = until(options.signal)
    const ids = await listArchives(api, path, signal)
    const listed = (id: string, details: ArchiveDetails): Listed => ({ id, historyId: `${stream}/${id}`, details })
    if (options.details === false) {
      for (const id of ids) yield listed(id, {})
      return
    }
    const ask = async (id: string): Promise<Listed | undefined> => {
      try {
        return listed(id, await detailsOf(api, path, id, signal))
      } catch (error) {
        if (!(error instanceof RalphError && error.code === 'NOT_FOUND')) throw error
        log.warn(`archive ${id} has gone since it was listed`)
        return undefined
      }
    }
    for (let start = 0; start < ids.length; start += detailsAtOnce) {
      const some = await Promise.all(ids.slice(start, start + detailsAtOnce).map(ask))
      for (const each of some) if (each !== undefined) yield each
    }
  }

  async function* read(
    query: string | undefined,
    { target, chunkSize, onError, onObject, onTotal, ...others }: ReadOptions
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (!query) throw new RalphError('INVALID_QUERY', 'say which archive to read: its id, as `ralph list` prints it')
    const { api, stream, path } = streamOf(target)
    const signal = until(others.signal)
    try {
      const details = await detailsOf(api, path, query, signal)
      if (details.size !== undefined) onTotal?.({ bytes: details.size })
      const newLink = (): Promise<URL> => linkTo(api, path, query, signal)
      const archive = { id: query, details, requestTimeout, unsealTimeout, log, newLink }
      const size = yield* download(archive, { chunkSize, signal })
      const { filename } = details
      onObject?.({
        historyId: `${stream}/${query}`,
        size,
        details: filename === undefined ? {} : { filename }
      })
    } catch (error) {
      signal.throwIfAborted()
      if (onError === undefined || !(error instanceof Error)) throw error
      onError(error)
    }
  }

  return {
    moves: 'bytes',
    list,
    read,
    status: ({ signal } = {}) =>
      statusByAsking(
        async () => {
          const { api, path } = streamOf(undefined)
          await listArchives(api, path, until(signal))
        },
        { signal }
      ),
    close: async () => {
      closed.abort(new RalphError('INTERRUPTED', 'the backend was closed'))
    }
  }
}
