import type { RalphError } from '../errors.ts'
import type { SettingsGroup } from '../settings/define.ts'
import type { Configure, DataContext } from './backend-definition.ts'

/*
 * A service that keeps the days of a stream as archives, perhaps in cold storage: what `ralph mirror` copies from.
 */

/** What the service says of an archive. Whatever else it says is passed on. */
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

/** Where an archive is. */
export interface ArchivePlace {
  readonly service: string
  readonly stream: string
  readonly id: string
}

export interface FoundServices {
  /** The service of each stream that was found. */
  readonly services: ReadonlyMap<string, string>
  /** Services that could not be asked: a stream that was not found may be in one of them. */
  readonly failures: readonly RalphError[]
}

/** What asking for an archive leads to. */
export type OpenedArchive =
  /** Rejects in its midst when the storage breaks off for good. */
  | { readonly state: 'open'; readonly bytes: AsyncIterable<Uint8Array> }
  /** It is brought from cold storage, and can be asked for after so many seconds. */
  | { readonly state: 'sealed'; readonly retryAfter: number }
  /** The service does not have it any more. */
  | { readonly state: 'gone' }

/** All calls reject with a `RalphError`, or with the reason of the signal. */
export interface ArchiveSource {
  /** Asks one service after another, until all streams are found. Rejects when no service could be asked at all. */
  findServices(streams: readonly string[], signal: AbortSignal): Promise<FoundServices>
  /** The ids of the archives of a stream. */
  list(service: string, stream: string, signal: AbortSignal): Promise<readonly string[]>
  /** Undefined: the service does not have it any more. */
  details(place: ArchivePlace, signal: AbortSignal): Promise<ArchiveDetails | undefined>
  /** Asks for a link and follows it once. `from`: the first byte that is wanted; `size`: of the whole. */
  open(
    place: ArchivePlace,
    options: { readonly from: number; readonly size: number | undefined; readonly signal: AbortSignal }
  ): Promise<OpenedArchive>
}

/** A right that a token may have. */
export interface AccessRule {
  readonly method: string
  /** `*` stands for anything. */
  readonly path: string
}

/** A key that a service has made, and that is good for nothing until somebody has confirmed it. */
export interface RequestedKey {
  readonly consumerKey: string
  /** The page on which the owner of the account confirms it. */
  readonly validationUrl: string
}

/** The services that `ralph mirror NAME` copies from. */
export interface ArchiveSourceRole {
  readonly name: string
  readonly summary: string
  /** What it needs to be asked, under the names of its own tools. */
  readonly settings: SettingsGroup
  readonly configure: Configure<Omit<DataContext, 'appDir'>, ArchiveSource>
  /** The rights that a mirror needs, no more and no less. */
  readonly rights: readonly AccessRule[]
  /** Asks for a key that has these rights. `redirection`: the page that is shown after it was confirmed. */
  readonly requestKey: Configure<
    Omit<DataContext, 'appDir'> & { readonly redirection: string | undefined; readonly signal: AbortSignal },
    RequestedKey
  >
}
