import type { ArchivePlace, ArchiveSource, OpenedArchive } from '../../contracts/archive-source.ts'
import { RalphError } from '../../errors.ts'
import type { OvhApi } from './api.ts'
import { archivesPath, detailsOf, linkTo, listArchives, listServices, listStreams } from './archive.ts'
import { createDownload } from './download.ts'
import { sealedFor } from './unseal.ts'

/** Ends the first request for an archive that is being restored from cold storage. */
class Sealed extends RalphError {
  readonly seconds: number
  constructor(id: string, seconds: number) {
    super('STORE_UNAVAILABLE', `archive ${id} is brought from cold storage`, { retryAfter: seconds })
    this.seconds = seconds
  }
}

/** The API does not have it, or does not have it any more (460). */
const isGone = (error: unknown): boolean => error instanceof RalphError && error.code === 'NOT_FOUND'

const pathOf = ({ service, stream }: ArchivePlace): string => archivesPath(service, stream)

/** The archives of all streams of an account, for a mirror. */
export const createArchiveSource = (api: OvhApi): ArchiveSource => {
  const orGone = async <Result>(work: Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work
    } catch (error) {
      if (isGone(error)) return undefined
      throw error
    }
  }

  const open = async (
    place: ArchivePlace,
    { from, size, signal }: { readonly from: number; readonly size: number | undefined; readonly signal: AbortSignal }
  ): Promise<OpenedArchive> => {
    const first = await orGone(linkTo(api, pathOf(place), place.id, signal))
    if (first === undefined) return { state: 'gone' }
    let given: URL | undefined = first
    const newLink = async (): Promise<URL> => {
      const link = given ?? (await linkTo(api, pathOf(place), place.id, signal))
      given = undefined
      return link
    }
    const whenSealed = async (headers: Headers): Promise<void> => {
      throw new Sealed(place.id, Math.ceil(sealedFor(headers, undefined) / 1000))
    }
    const bytes = createDownload(
      { id: place.id, size, requestTimeout: undefined, newLink, whenSealed },
      { signal }
    ).read(from)
    try {
      // The first piece tells whether the archive exists.
      const { value, done } = await bytes.next()
      const rest = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
        if (done) return
        yield value
        yield* bytes
      }
      return { state: 'open', bytes: rest() }
    } catch (error) {
      if (error instanceof Sealed) return { state: 'sealed', retryAfter: error.seconds }
      throw error
    }
  }

  return {
    open,
    findServices: async (streams, signal) => {
      const services = new Map<string, string>()
      const failures: RalphError[] = []
      const all = await listServices(api, signal)
      for (const service of all) {
        try {
          for (const stream of await listStreams(api, service, signal)) {
            if (streams.includes(stream) && !services.has(stream)) services.set(stream, service)
          }
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof RalphError) || error.code === 'UNAUTHENTICATED') throw error
          failures.push(error)
        }
        if (services.size === streams.length) break
      }
      const [failure] = failures
      if (failure !== undefined && failures.length === all.length) throw failure
      return { services, failures }
    },
    list: (service, stream, signal) => listArchives(api, archivesPath(service, stream), signal),
    details: (place, signal) => orGone(detailsOf(api, pathOf(place), place.id, signal))
  }
}
