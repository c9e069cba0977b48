import type { Clock } from '../contracts/clock.ts'
import type { DataBackend, DataCapabilities } from '../contracts/data-backend.ts'
import type { Log } from '../contracts/log.ts'
import { type Group, inRole, type Values } from '../settings/define.ts'
import type { Reader } from '../settings/read.ts'

/** What a data backend is handed besides its own settings. */
export interface DataContext {
  readonly clock: Clock
  /** RALPH_APP_DIR, absolute. */
  readonly appDir: string
  readonly log: Log
}

/** A data backend as it is known before anything of it is loaded. */
export interface DataBackendDefinition {
  /** As `--backend` names it. */
  readonly name: string
  /** Other names of the same backend: what Ralph calls its asynchronous ones. */
  readonly aliases: readonly string[]
  readonly summary: string
  /** The npm package that speaks with it; undefined: none is needed. */
  readonly driver: string | undefined
  readonly capabilities: DataCapabilities
  readonly settings: Group
  /** Reads its settings, and says how to open it with them. Opening loads it, and reaches for nothing else yet. */
  configure(reader: Reader): (context: DataContext) => Promise<DataBackend>
}

export interface DataDeclaration<Parameters extends Group> {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly summary: string
  readonly driver?: string
  readonly capabilities: DataCapabilities
  readonly parameters: Parameters
  open(parameters: Values<Parameters>, context: DataContext): Promise<DataBackend>
}

/**
 * Declares a data backend. Its parameters become variables `RALPH_BACKENDS__DATA__<NAME>__<PARAMETER>` and flags
 * `--<name>-<parameter>`. A package `ralph-backend-<name>` that exports one as `backend` is found by its name.
 */
export const defineData = <Parameters extends Group>(
  declaration: DataDeclaration<Parameters>
): DataBackendDefinition => {
  const { name, aliases = [], summary, driver, capabilities, parameters, open } = declaration
  const settings = inRole(name, 'DATA', parameters)
  return {
    name,
    aliases,
    summary,
    driver,
    capabilities,
    settings,
    configure: (reader) => {
      const values = reader.read(settings)
      return (context) => open(values, context)
    }
  }
}
