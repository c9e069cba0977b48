import type { ArchiveSourceRole } from '../contracts/archive-source.ts'
import type { DataRole, LrsRole } from '../contracts/backend-definition.ts'
import type { Clock } from '../contracts/clock.ts'
import type { DataBackend } from '../contracts/data-backend.ts'
import type { ImportDestination, Imports } from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part } from '../contracts/part.ts'
import type { Registry } from '../contracts/registry.ts'
import type { StoreFiles } from '../contracts/store-files.ts'
import type { ErrorCode } from '../errors.ts'
import type { PipelineConfig } from '../listeners/config.ts'
import type { GeneralSettings } from '../settings/settings.ts'
import type { Sources } from '../settings/sources.ts'

/** What `main.ts` gives to the commands, because they may not import it themselves. */
export interface Composition {
  readonly lrsBackends: readonly LrsRole[]
  readonly dataBackends: readonly DataRole[]
  /** The sources of `ralph mirror`. */
  readonly archiveSources: readonly ArchiveSourceRole[]
  /** The value of `--backend`, before all flags are parsed. The help then shows the flags of this backend. */
  readonly chosenBackend?: string | undefined
  readonly clock: Clock
  /** HTTP status of each error. */
  readonly errorStatus: { readonly [code in ErrorCode]: number }
  /**
   * Opens a backend with its settings for the LRS. The caller closes it. With `mustExist`, a store that does not exist is
   * `NOT_FOUND`, and nothing is created.
   */
  openBackend(
    name: string,
    sources: Sources,
    appDir: string,
    log: Log,
    options?: { readonly mustExist?: boolean }
  ): Promise<LrsBackend>
  /** The files of a backend. If it has none, `UNSUPPORTED_OPERATION` says how to make a backup. */
  openFiles(name: string, sources: Sources, appDir: string, log: Log): Promise<StoreFiles>
  /** The data backend of a package. Undefined: there is no package of this name. */
  findDataBackend(name: string): Promise<DataRole | undefined>
  /** Opens a data backend with its settings. The caller closes it. */
  openData(
    backend: DataRole,
    sources: Sources,
    general: Pick<GeneralSettings, 'appDir'>,
    log: Log
  ): Promise<DataBackend>
  /** Opens imports that deliver to a destination. Undefined: they only list and queue. The caller closes them. */
  openImports(sources: Sources, log: Log, to: ImportDestination | undefined): Promise<Imports>
  /** Opens the configured registry. The caller closes it. */
  openRegistry(sources: Sources, general: Pick<GeneralSettings, 'appDir'>): Promise<Registry>
  /** Listens until the signal is aborted and running work has ended. */
  listen(
    pipelines: readonly PipelineConfig[],
    options: {
      readonly sources: Sources
      readonly log: Log
      readonly tempDir: string
      /** Undefined: there is none. */
      readonly door: { readonly host: string; readonly port: number } | undefined
      readonly signal: AbortSignal
    }
  ): Promise<void>
  /** The configured parts of the server. None of them is started. Throws `INVALID_SETTING`. */
  serverParts(sources: Sources): Promise<readonly Part[]>
  /** Starts the server. Resolves when it listens. */
  serve(sources: Sources): Promise<void>
}
