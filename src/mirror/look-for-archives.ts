import { RalphError } from '../errors.ts'
import type { OnlineMirror } from './mirror-options.ts'
import { isSafe } from './place.ts'

/** Concurrent requests for details. */
const detailsAtOnce = 8

export interface Found {
  readonly services: ReadonlyMap<string, string>
  /** Streams that no service has. */
  readonly unknown: readonly string[]
  /** Requests that failed and must be repeated soon. */
  readonly failures: readonly RalphError[]
}

/** Streams that cannot be listed are skipped; the others are listed. */
const failureOf = (mirror: OnlineMirror, error: unknown): RalphError => {
  mirror.signal.throwIfAborted()
  if (!(error instanceof RalphError) || error.code === 'UNAUTHENTICATED' || error.code === 'STORE_FULL') throw error
  mirror.log.warn(`API error, will retry later: ${error.message}`)
  return error
}

const addDetails = async (
  mirror: OnlineMirror,
  service: string,
  stream: string,
  id: string
): Promise<() => RalphError | undefined> => {
  const { source, cache, log, signal } = mirror
  try {
    const details = await source.details({ service, stream, id }, signal)
    return () => {
      if (details === undefined) {
        log.warn(`Archive ${id} has gone since it was listed`)
        return undefined
      }
      const { filename = '', size, sha256, md5 } = details
      if (!isSafe({ id, filename })) {
        const shown = JSON.stringify(filename)
        const message = `Archive ${id} of stream ${stream} is refused: ${shown} is not the name of a file in a directory`
        log.error(message)
        return new RalphError('INVALID_INPUT', message)
      }
      cache.add({ id, stream, service, filename, size, sha256: sha256?.toLowerCase(), md5: md5?.toLowerCase() })
      log.info(`Archive ${id} added to cache`)
      return undefined
    }
  } catch (error) {
    const failure = failureOf(mirror, error)
    return () => failure
  }
}

const lookInto = async (mirror: OnlineMirror, service: string, stream: string): Promise<readonly RalphError[]> => {
  const { source, cache, log, signal } = mirror
  const ids = await source.list(service, stream, signal)
  const listed = new Set(ids)
  for (const { id, status } of cache.archives(stream)) {
    if (status !== 'expired' || !listed.has(id)) continue
    log.info(`Archive ${id} is listed again, download scheduled`)
    cache.setStatus(id, 'todo')
  }
  const failures: RalphError[] = []
  const added = [...listed].filter((id) => !cache.has(id))
  for (let start = 0; start < added.length; start += detailsAtOnce) {
    const some = added.slice(start, start + detailsAtOnce)
    const results = await Promise.all(some.map((id) => addDetails(mirror, service, stream, id)))
    // In the order in which the service lists them.
    for (const add of results) failures.push(...[add() ?? []].flat())
  }
  return failures
}

/** Asks the service for the archives of the streams, and records new ones. Rejects if no request succeeds. */
export const lookForArchives = async (mirror: OnlineMirror): Promise<Found> => {
  const { source, streams, log, signal } = mirror
  const [first = ''] = streams
  log.info(`Looking for new archives of stream ${first}`)
  const { services, failures: unasked } = await source.findServices(streams, signal)
  const failures: RalphError[] = []
  for (const failure of unasked) log.warn(`API error, will retry later: ${failure.message}`)
  for (const stream of streams) {
    if (stream !== first) log.info(`Looking for new archives of stream ${stream}`)
    const service = services.get(stream)
    if (service === undefined) continue
    log.info(`Service ${service} found for stream ${stream}`)
    try {
      failures.push(...(await lookInto(mirror, service, stream)))
    } catch (error) {
      failures.push(failureOf(mirror, error))
    }
  }
  const unknown = streams.filter((stream) => !services.has(stream))
  for (const stream of unknown) {
    const perhaps = unasked.length === 0 ? '' : `, as far as they could be asked`
    log.warn(`Stream ${stream} is in no service of this account${perhaps}`)
  }
  return { services, unknown, failures: [...failures, ...unasked] }
}
