import type { RalphError } from '../errors.ts'
import type { SettingsGroup } from '../settings/define.ts'
import type { Configure, DataContext } from './backend-definition.ts'

/* A service that keeps the days of a stream as archives, perhaps in cold storage. `ralph mirror` copies from it. */

/** What the service says of an archive. Other fields are passed on. */
export interface ArchiveDetails {
  readonly [key: string]: unknown
  readonly filename?: string
  /** In bytes. */
  readonly size?: number
  readonly sha256?: string
  readonly md5?: string
  /** Seconds from the request until it is available, if it is in cold storage. */
  readonly retrievalDelay?: number
}

/** Identifies an archive. */
export interface ArchivePlace {
  readonly service: string
  readonly stream: string
  readonly id: string
}

export interface FoundServices {
  /** The service of each stream that was found. */
  readonly services: ReadonlyMap<string, string>
  /** Services that could not be asked. A missing stream may be in one of them. */
  readonly failures: readonly RalphError[]
}

/** The result of a request for an archive. */
export type OpenedArchive =
  /** Rejects while it is read if the connection to the storage breaks for good. */
  | { readonly state: 'open'; readonly bytes: AsyncIterable<Uint8Array> }
  /** It is being fetched from cold storage. Ask again after this many seconds. */
  | { readonly state: 'sealed'; readonly retryAfter: number }
  /** The service no longer has it. */
  | { readonly state: 'gone' }

/** All calls reject with a `RalphError`, or with the reason of the signal. */
export interface ArchiveSource {
  /** Asks one service after another until all streams are found. Rejects if no service could be asked. */
  findServices(streams: readonly string[], signal: AbortSignal): Promise<FoundServices>
  /** The ids of the archives of a stream. */
  list(service: string, stream: string, signal: AbortSignal): Promise<readonly string[]>
  /** Undefined: the service no longer has it. */
  details(place: ArchivePlace, signal: AbortSignal): Promise<ArchiveDetails | undefined>
  /** Asks for a link and opens it once. `from` is the first wanted byte, `size` the size of the whole. */
  open(
    place: ArchivePlace,
    options: { readonly from: number; readonly size: number | undefined; readonly signal: AbortSignal }
  ): Promise<OpenedArchive>
}

/** A right of a token. */
export interface AccessRule {
  readonly method: string
  /** `*` matches anything. */
  readonly path: string
}

/** A key that a service has made. It is useless until the owner of the account confirms it. */
export interface RequestedKey {
  readonly consumerKey: string
  /** The page on which the owner of the account confirms it. */
  readonly validationUrl: string
}

/** A service that `ralph mirror NAME` copies from. */
export interface ArchiveSourceRole {
  readonly name: string
  readonly summary: string
  /** The settings of its connection. They have the names of the service's own tools. */
  readonly settings: SettingsGroup
  readonly configure: Configure<Pick<DataContext, 'clock' | 'log'>, ArchiveSource>
  /** The rights that a mirror needs, and no others. */
  readonly rights: readonly AccessRule[]
  /** Asks for a key with these rights. `redirection` is the page that is shown after the confirmation. */
  readonly requestKey: Configure<
    Pick<DataContext, 'clock' | 'log'> & { readonly redirection: string | undefined; readonly signal: AbortSignal },
    RequestedKey
  >
}
