import type { BackendDefinition, DataContext, DataRole, LrsRole } from '../contracts/backend-definition.ts'
import type { DataBackend, DataCapabilities } from '../contracts/data-backend.ts'
import type { BackendContext, LrsBackend } from '../contracts/lrs-backend.ts'
import type { StoreFiles } from '../contracts/store-files.ts'
import { inRole, parameter, type SettingsGroup, type Values } from '../settings/define.ts'
import { choice, integer } from '../settings/kinds.ts'
import type { Reader } from '../settings/read.ts'

/** The role of an LRS. Its parameters become variables `RALPH_BACKENDS__LRS__<NAME>__<PARAMETER>`. */
export interface LrsDeclaration<Parameters extends SettingsGroup> {
  readonly summary: string
  /** How many servers can have one store open at a time. */
  readonly servers: 'one' | 'any'
  readonly parameters: Parameters
  open(parameters: Values<Parameters>, context: BackendContext): Promise<LrsBackend>
  /** What its files are, or a sentence that says how a backup is made. */
  readonly files: string | ((parameters: Values<Parameters>, context: BackendContext) => Promise<StoreFiles>)
}

/**
 * The role of a data backend. Its parameters become variables `RALPH_BACKENDS__DATA__<NAME>__<PARAMETER>` and flags
 * `--<name>-<parameter>`.
 */
export interface DataDeclaration<Parameters extends SettingsGroup> {
  readonly summary: string
  /** The npm package that speaks with it, if one is needed. */
  readonly driver?: string
  readonly capabilities: DataCapabilities
  readonly parameters: Parameters
  open(parameters: Values<Parameters>, context: DataContext): Promise<DataBackend>
}

interface Names {
  readonly name: string
  readonly aliases?: readonly string[]
}

export interface BackendDeclaration<LrsParameters extends SettingsGroup, DataParameters extends SettingsGroup>
  extends Names {
  readonly lrs?: LrsDeclaration<LrsParameters>
  readonly data?: DataDeclaration<DataParameters>
}

const size = integer(0, Number.MAX_SAFE_INTEGER)

/** What every data backend of Python Ralph has. */
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
const unlessIn = (own: SettingsGroup, common: SettingsGroup): SettingsGroup => {
  const declared = new Set(Object.values(own).map(({ variable }) => variable))
  return Object.fromEntries(Object.entries(common).filter(([, { variable }]) => !declared.has(variable)))
}

const lrsRole = <Parameters extends SettingsGroup>(
  { name, aliases = [] }: Names,
  { summary, servers, parameters, open, files }: LrsDeclaration<Parameters>
): LrsRole => {
  const settings = inRole(name, 'LRS', parameters)
  const configured =
    <Opened>(work: (values: Values<Parameters>, context: BackendContext) => Promise<Opened>) =>
    (reader: Reader) => {
      const values = reader.read(settings)
      return (context: BackendContext) => work(values, context)
    }
  return {
    name,
    aliases,
    summary,
    servers,
    settings,
    configure: configured(open),
    files: typeof files === 'string' ? files : configured(files)
  }
}

const dataRole = <Parameters extends SettingsGroup>(
  { name, aliases = [] }: Names,
  { summary, driver, capabilities, parameters, open }: DataDeclaration<Parameters>
): DataRole => {
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

/** Declares a backend: one name, and what it is in each of its roles. */
export const defineBackend = <LrsParameters extends SettingsGroup, DataParameters extends SettingsGroup>(
  declaration: BackendDeclaration<LrsParameters, DataParameters>
): BackendDefinition => {
  const { name, lrs, data } = declaration
  return {
    name,
    lrs: lrs && lrsRole(declaration, lrs),
    data: data && dataRole(declaration, data)
  }
}
