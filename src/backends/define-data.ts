import type { Clock } from '../contracts/clock.ts'
import type { DataBackend, DataCapabilities } from '../contracts/data-backend.ts'
import type { Log } from '../contracts/log.ts'
import { type Group, inRole, parameter, type Values } from '../settings/define.ts'
import { choice, integer } from '../settings/kinds.ts'
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
  /** Those of the settings that a command asks for itself, when its flag `--chunk-size` is not given. */
  readonly chunkSizes: Group
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

const size = integer(0, Number.MAX_SAFE_INTEGER)

/** What every backend of Ralph has. */
const commonParameters = {
  localeEncoding: parameter('LOCALE_ENCODING', {
    kind: choice(['utf8', 'utf-8', 'ascii']),
    default: 'utf8',
    description: 'Encoding of what is moved; Ralph reads and writes UTF-8 and nothing else.'
  })
}

const chunkParameters = {
  readChunkSize: parameter('READ_CHUNK_SIZE', {
    kind: size,
    default: undefined,
    defaultText: 'what suits the backend',
    description: 'Records per request, or bytes per chunk, unless --chunk-size says it.'
  }),
  writeChunkSize: parameter('WRITE_CHUNK_SIZE', {
    kind: size,
    default: undefined,
    defaultText: '500',
    description: 'Records per request, unless --chunk-size says it.'
  })
}

/** Without those that the backend declares itself. */
const unlessIn = (own: Group, common: Group): Group => {
  const declared = new Set(Object.values(own).map(({ variable }) => variable))
  return Object.fromEntries(Object.entries(common).filter(([, { variable }]) => !declared.has(variable)))
}

/**
 * Declares a data backend. Its parameters become variables `RALPH_BACKENDS__DATA__<NAME>__<PARAMETER>` and flags
 * `--<name>-<parameter>`. A package `ralph-backend-<name>` that exports one as `backend` is found by its name
 * (third-party.ts).
 */
export const defineData = <Parameters extends Group>(
  declaration: DataDeclaration<Parameters>
): DataBackendDefinition => {
  const { name, aliases = [], summary, driver, capabilities, parameters, open } = declaration
  const own = inRole(name, 'DATA', parameters)
  const chunkSizes = inRole(name, 'DATA', unlessIn(parameters, chunkParameters))
  const common = inRole(name, 'DATA', unlessIn(parameters, commonParameters))
  return {
    name,
    aliases,
    summary,
    driver,
    capabilities,
    settings: { ...own, ...common, ...chunkSizes },
    chunkSizes,
    configure: (reader) => {
      const values = reader.read(own)
      reader.read(common)
      return (context) => open(values, context)
    }
  }
}
