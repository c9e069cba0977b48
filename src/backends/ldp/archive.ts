import { RalphError } from '../../errors.ts'
import type { OvhApi } from './api.ts'

/** What the API says of an archive. Whatever else it says is passed on. */
export interface ArchiveDetails {
  readonly [key: string]: unknown
  readonly filename?: string
  /** In bytes. */
  readonly size?: number
  readonly sha256?: string
  readonly md5?: string
  /** Seconds from asking for it until it can be had, where it is kept in cold storage. */
  readonly retrievalDelay?: number
}

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

/** Null and missing are the same. */
const withoutNulls = (details: ArchiveDetails): ArchiveDetails =>
  Object.fromEntries(Object.entries(details).filter(([, member]) => member !== null))

/** Where the archives of a stream are in the API. */
export const archivesPath = (service: string, stream: string): string =>
  `/dbaas/logs/${encodeURIComponent(service)}/output/graylog/stream/${encodeURIComponent(stream)}/archive`

export const listArchives = async (api: OvhApi, path: string, signal?: AbortSignal): Promise<readonly string[]> => {
  const ids = await api.call('GET', path, signal)
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids
  throw notUnderstood('a list of archives')
}

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

/** A new temporary link. Asking for it, and then for what it leads to, is what brings an archive from cold storage. */
export const linkTo = async (api: OvhApi, path: string, id: string, signal?: AbortSignal): Promise<URL> => {
  const link = await api.call('POST', `${path}/${encodeURIComponent(id)}/url`, signal)
  const url = typeof link === 'object' && link !== null && 'url' in link ? link.url : undefined
  if (typeof url !== 'string' || !/^https?:/.test(url) || !URL.canParse(url)) {
    throw notUnderstood('the link to an archive')
  }
  return new URL(url)
}
