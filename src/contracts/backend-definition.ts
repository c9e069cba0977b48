import type { SettingsGroup } from '../settings/define.ts'
import type { Reader } from '../settings/read.ts'
import type { Clock } from './clock.ts'
import type { DataBackend, DataCapabilities } from './data-backend.ts'
import type { Log } from './log.ts'
import type { BackendContext, LrsBackend } from './lrs-backend.ts'
import type { Registry } from './registry.ts'
import type { StoreFiles } from './store-files.ts'

/** What a data backend gets besides its own settings. */
export interface DataContext {
  readonly clock: Clock
  /** RALPH_APP_DIR, absolute. */
  readonly appDir: string
  readonly log: Log
  /** Opens the configured registry, for a backend that finds its servers there. The caller closes it. */
  openRegistry(): Promise<Registry>
}

/**
 * Reads the settings of a role, and returns a function that opens it. Opening loads the modules of the backend. It does not connect to a
 * server yet.
 */
export type Configure<Context, Opened> = (reader: Reader) => (context: Context) => Promise<Opened>

interface Role {
  /** The name of the backend. */
  readonly name: string
  /** Other names of the same backend: Python Ralph has `async_es` and others. */
  readonly aliases: readonly string[]
  readonly summary: string
  /** Every setting that the backend has in this role. */
  readonly settings: SettingsGroup
}

/** A backend in which `ralph runserver` can keep statements. */
export interface LrsRole extends Role {
  /** How many servers can have one store open at a time. */
  readonly servers: 'one' | 'any'
  readonly configure: Configure<BackendContext, LrsBackend>
  /** The files of a backend that keeps its stores in files. For others, a sentence that says how to make a backup. */
  readonly files: string | Configure<BackendContext, StoreFiles>
}

/** A backend that `ralph list`, `read`, `write` and `delete` work with. */
export interface DataRole extends Role {
  /** The npm package of its client. Undefined: none is needed. */
  readonly driver: string | undefined
  readonly capabilities: DataCapabilities
  /** Those settings that a command reads itself if its flag `--chunk-size` is not given. */
  readonly chunkSizes: SettingsGroup
  readonly configure: Configure<DataContext, DataBackend>
}

/** A backend before any of its modules is loaded. It has one role, or both. */
export interface BackendDefinition {
  /** The name in RALPH_RUNSERVER_BACKEND and `--backend`. */
  readonly name: string
  readonly lrs: LrsRole | undefined
  readonly data: DataRole | undefined
}
