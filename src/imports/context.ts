import type { Clock } from '../contracts/clock.ts'
import type { ImportHandler } from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import type { ImportSettings } from '../settings/settings.ts'
import type { WantedUrl } from './kept.ts'
import type { Originals } from './originals.ts'
import type { Places } from './places.ts'
import type { ImportRecords } from './records/records.ts'
import type { Staging } from './staging.ts'

/** Fetches URLs. */
export interface UrlFetcher {
  /** The reference to show, and the name of the file. Throws `INVALID_QUERY`, `FORBIDDEN`. */
  describe(wanted: WantedUrl): { readonly reference: string; readonly filename: string }
  /**
   * Fetches a file into a directory, continuing what is there, and calls `use` with it. Errors are those of `withDownloaded`
   * (downloads/download.ts).
   */
  fetch<Result>(
    wanted: WantedUrl,
    to: { readonly directory: string; readonly signal: AbortSignal },
    use: (file: { readonly path: string; readonly name: string }) => Promise<Result>
  ): Promise<Result>
}

/** The dependencies of imports in this process. */
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
  /** The file store. Undefined: an original is deleted when its import is done. */
  readonly originals?: Originals | undefined
  readonly clock: Clock
  readonly log: Log
}
