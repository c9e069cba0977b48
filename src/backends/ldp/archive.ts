import type { ArchiveDetails } from '../../contracts/archive-source.ts'
import { RalphError } from '../../errors.ts'
import type { OvhApi } from './api.ts'

const kinds: { readonly [key: string]: 'string' | 'number' } = {
  filename: 'string',
  size: 'number',
  sha256: 'string',
  md5: 'string',
  retrievalDelay: 'number'
}

const notUnderstood = (what: string): RalphError =>
  new RalphError('STORE_UNAVAILABLE', `the API of OVH answered something else than ${what}`)

const isArchiveDetails = (value: unknown): value is ArchiveDetails =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.entries(value).every(
    ([key, member]) => !Object.hasOwn(kinds, key) || member === null || kinds[key] === typeof member
  )

/** Null and missing mean the same. */
const withoutNulls = (details: ArchiveDetails): ArchiveDetails =>
  Object.fromEntries(Object.entries(details).filter(([, member]) => member !== null))

/** The path of the archives of a stream in the API. */
export const archivesPath = (service: string, stream: string): string =>
  `/dbaas/logs/${encodeURIComponent(service)}/output/graylog/stream/${encodeURIComponent(stream)}/archive`

const listOf = async (
  api: OvhApi,
  path: string,
  what: string,
  signal: AbortSignal | undefined
): Promise<readonly string[]> => {
  const ids = await api.call('GET', path, signal)
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids
  throw notUnderstood(`a list of ${what}`)
}

export const listServices = (api: OvhApi, signal?: AbortSignal): Promise<readonly string[]> =>
  listOf(api, '/dbaas/logs', 'services', signal)

export const listStreams = (api: OvhApi, service: string, signal?: AbortSignal): Promise<readonly string[]> =>
  listOf(api, `/dbaas/logs/${encodeURIComponent(service)}/output/graylog/stream`, 'streams', signal)

export const listArchives = (api: OvhApi, path: string, signal?: AbortSignal): Promise<readonly string[]> =>
  listOf(api, path, 'archives', signal)

export const detailsOf = async (
  api: OvhApi,
  path: string,
  id: string,
  signal?: AbortSignal
): Promise<ArchiveDetails> => {
  const details = await api.call('GET', `${path}/${encodeURIComponent(id)}`, signal)
  if (!isArchiveDetails(details)) throw notUnderstood('the details of an archive')
  return withoutNulls(details)
}

/** Requests a new temporary link. This request, and then one for the link itself, start the restoration from cold storage. */
export const linkTo = async (api: OvhApi, path: string, id: string, signal?: AbortSignal): Promise<URL> => {
  const link = await api.call('POST', `${path}/${encodeURIComponent(id)}/url`, signal)
  const url = typeof link === 'object' && link !== null && 'url' in link ? link.url : undefined
  if (typeof url !== 'string' || !/^https?:/.test(url) || !URL.canParse(url)) {
    throw notUnderstood('the link to an archive')
  }
  return new URL(url)
}
