import type { SettingsGroup } from '../settings/define.ts'
import type { Reader } from '../settings/read.ts'
import type { Clock } from './clock.ts'
import type { DataBackend, DataCapabilities } from './data-backend.ts'
import type { Log } from './log.ts'
import type { BackendContext, LrsBackend } from './lrs-backend.ts'
import type { StoreFiles } from './store-files.ts'

/** What a data backend is handed besides its own settings. */
export interface DataContext {
  readonly clock: Clock
  /** RALPH_APP_DIR, absolute. */
  readonly appDir: string
  readonly log: Log
}

/** Reads the settings of a role, and gives what opens it. Opening loads it, and asks no server yet. */
export type Configure<Context, Opened> = (reader: Reader) => (context: Context) => Promise<Opened>

interface Role {
  /** The name of the backend. */
  readonly name: string
  /** The other names of the same backend: Python Ralph has `async_es` and the like. */
  readonly aliases: readonly string[]
  readonly summary: string
  /** Every setting that the backend has in this role. */
  readonly settings: SettingsGroup
}

/** A backend that `ralph runserver` can keep statements in. */
export interface LrsRole extends Role {
  readonly configure: Configure<BackendContext, LrsBackend>
  /** The files of a backend that keeps its stores in files; else a sentence that says how a backup is made. */
  readonly files: string | Configure<BackendContext, StoreFiles>
}

/** A backend that `ralph list`, `read`, `write` and `delete` work with. */
export interface DataRole extends Role {
  /** The npm package that speaks with it; undefined: none is needed. */
  readonly driver: string | undefined
  readonly capabilities: DataCapabilities
  /** Those of the settings that a command reads itself when its flag `--chunk-size` is not given. */
  readonly chunkSizes: SettingsGroup
  readonly configure: Configure<DataContext, DataBackend>
}

/** A backend as it is known before anything of it is loaded. It has one role, or both. */
export interface BackendDefinition {
  /** As RALPH_RUNSERVER_BACKEND and `--backend` name it. */
  readonly name: string
  readonly lrs: LrsRole | undefined
  readonly data: DataRole | undefined
}
