import type { Clock } from '../contracts/clock.ts'
import type { ImportHandler } from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import type { ImportSettings } from '../settings/settings.ts'
import type { WantedUrl } from './kept.ts'
import type { Originals } from './originals.ts'
import type { Places } from './places.ts'
import type { ImportRecords } from './records/records.ts'
import type { Staging } from './staging.ts'

/** Fetches what URLs name. */
export interface UrlFetcher {
  /** How it is shown, and what the file is called. `INVALID_QUERY`, `FORBIDDEN` */
  describe(wanted: WantedUrl): { readonly reference: string; readonly filename: string }
  /**
   * Fetches a file into a directory, going on with what is there, and has `use` take it. Errors are those of
   * `withDownloaded` (downloads/download.ts).
   */
  fetch<Result>(
    wanted: WantedUrl,
    to: { readonly directory: string; readonly signal: AbortSignal },
    use: (file: { readonly path: string; readonly name: string }) => Promise<Result>
  ): Promise<Result>
}

/** What imports are made of in this process. */
export interface ImportsContext {
  readonly settings: ImportSettings
  readonly records: ImportRecords
  readonly staging: Staging
  /** What this process delivers with to the LRS; none: it delivers nothing there. */
  readonly handlers: readonly ImportHandler[]
  /** Undefined: this process delivers to no other place. */
  readonly places?: Places | undefined
  /** Undefined: this process fetches nothing. */
  readonly urls?: UrlFetcher | undefined
  /** The file store; undefined: an original is gone when its import is done. */
  readonly originals?: Originals | undefined
  readonly clock: Clock
  readonly log: Log
}
