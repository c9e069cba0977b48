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

/** What the commands are handed by `main.ts`, because they may not reach for it themselves. */
export interface Composition {
  readonly lrsBackends: readonly LrsRole[]
  readonly dataBackends: readonly DataRole[]
  /** What `ralph mirror` copies from. */
  readonly archiveSources: readonly ArchiveSourceRole[]
  /** What `--backend` names, known before all flags are: the help then shows the flags of that one. */
  readonly chosenBackend?: string | undefined
  readonly clock: Clock
  /** HTTP status of each error. */
  readonly errorStatus: { readonly [code in ErrorCode]: number }
  /**
   * Opens a backend with the settings it has as an LRS; whoever opens it closes it. `mustExist`: a store that nobody has
   * made is `NOT_FOUND`, and nothing is made.
   */
  openBackend(
    name: string,
    sources: Sources,
    appDir: string,
    log: Log,
    options?: { readonly mustExist?: boolean }
  ): Promise<LrsBackend>
  /** The files of a backend; `UNSUPPORTED_OPERATION` says how a backup is made of one that has none. */
  openFiles(name: string, sources: Sources, appDir: string, log: Log): Promise<StoreFiles>
  /** The data backend that a package brings; undefined: there is no package of that name. */
  findDataBackend(name: string): Promise<DataRole | undefined>
  /** Opens a data backend with its settings; whoever opens it closes it. */
  openData(
    backend: DataRole,
    sources: Sources,
    general: Pick<GeneralSettings, 'appDir'>,
    log: Log
  ): Promise<DataBackend>
  /** Opens imports that deliver there; undefined: that only look and take in. Whoever opens them closes them. */
  openImports(sources: Sources, log: Log, to: ImportDestination | undefined): Promise<Imports>
  /** Opens the registry as it is set; whoever opens it closes it. */
  openRegistry(sources: Sources, general: Pick<GeneralSettings, 'appDir'>): Promise<Registry>
  /** Listens until the signal is aborted, and what was under way has ended. */
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
  /** The parts of the server as they are set. None of them is started. `INVALID_SETTING`. */
  serverParts(sources: Sources): Promise<readonly Part[]>
  /** Starts the server; resolves when it listens. */
  serve(sources: Sources): Promise<void>
}
