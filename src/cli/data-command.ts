import { type Command, Option } from 'commander'
import type { DataRole } from '../contracts/backend-definition.ts'
import type { DataBackend, DataCapabilities } from '../contracts/data-backend.ts'
import type { Log } from '../contracts/log.ts'
import { RalphError } from '../errors.ts'
import { flagsOf } from '../settings/aliases.ts'
import { flagValues } from '../settings/load.ts'
import { createReader } from '../settings/read.ts'
import type { GeneralSettings } from '../settings/settings.ts'
import type { Sources } from '../settings/sources.ts'
import { backendMeant } from '../settings/unknown.ts'
import { settingsOf } from './command-settings.ts'
import type { Composition } from './composition.ts'
import { hideSecrets } from './hide-secrets.ts'
import { interruptible } from './interruption.ts'
import { optionsOf } from './setting-options.ts'

/** The data backend with this name or alias. Undefined: there is none. */
export const findBackend = (backends: readonly DataRole[], name: string): DataRole | undefined => {
  const wanted = name.toLowerCase()
  return backends.find((backend) => backend.name === wanted || backend.aliases.includes(wanted))
}

/** Throws `UNKNOWN_BACKEND`, with the names of all backends. */
export const requireBackend = (backends: readonly DataRole[], name: string): DataRole => {
  const found = findBackend(backends, name)
  if (found !== undefined) return found
  const names = backends.map((backend) => backend.name)
  const meant = backendMeant(
    name,
    backends.flatMap((backend) => [backend.name, ...backend.aliases])
  )
  throw new RalphError(
    'UNKNOWN_BACKEND',
    `There is no backend ${JSON.stringify(name)}; ${meant === undefined ? 'there' : `did you mean ${meant}? There`} are ` +
      `${names.join(', ')}, and any package ralph-backend-NAME`,
    { backend: name, backends: names }
  )
}

/**
 * Adds the flag `--backend` and the flags of all backends. The help shows only those of the chosen backend, or of all backends
 * that support the command.
 */
export const addBackendOptions = (
  command: Command,
  { dataBackends, chosenBackend = '' }: Pick<Composition, 'dataBackends' | 'chosenBackend'>,
  can: (capabilities: DataCapabilities) => boolean,
  /** What happens without a backend. Undefined: a backend is required. */
  without?: string
): Command => {
  const names = dataBackends.filter(({ capabilities }) => can(capabilities)).map(({ name }) => name)
  const chosen = findBackend(dataBackends, chosenBackend)
  if (without === undefined) command.requiredOption('-b, --backend <name>', `one of ${names.join(', ')}`)
  else command.option('-b, --backend <name>', `one of ${names.join(', ')}; none: ${without}`)
  for (const { name, settings, capabilities } of dataBackends) {
    const isShown = chosen === undefined ? can(capabilities) : chosen.name === name
    for (const setting of Object.values(settings)) {
      for (const option of optionsOf(setting, `Backend ${name}`)) {
        command.addOption(isShown ? option : option.hideHelp())
      }
    }
  }
  return command
}

type Given = (flag: string) => string | boolean | undefined

const givenIn = (command: Command): Given => {
  const all = command.optsWithGlobals<Record<string, string | boolean | undefined>>()
  return (flag) => all[new Option(`--${flag}`).attributeName()]
}

/** Flags of other backends are ignored, as in Python Ralph, but with a warning. */
const warnOfOthers = (chosen: DataRole, { dataBackends }: Composition, given: Given, log: Log): void => {
  for (const { name, settings } of dataBackends) {
    if (name === chosen.name) continue
    for (const { variable, flag } of Object.values(settings)) {
      for (const [each] of flagsOf(variable, flag)) {
        if (given(each) !== undefined) log.warn(`--${each} is a flag of the backend ${name} and has no effect here`)
      }
    }
  }
}

/** An open backend, with everything that a command needs to use it. */
export interface OpenPlace {
  readonly choice: DataRole
  readonly backend: DataBackend
  readonly general: GeneralSettings
  readonly log: Log
  /** Aborted by Ctrl-C and similar signals. */
  readonly signal: AbortSignal
  /** READ_CHUNK_SIZE and WRITE_CHUNK_SIZE of the backend; undefined or 0: not set. */
  readonly chunkSizes: { readonly readChunkSize?: unknown; readonly writeChunkSize?: unknown }
}

export interface PlaceRequest {
  /** The name from `--backend`. */
  readonly name: string
  /** Refuses, before the backend is called, what it cannot do. */
  readonly require: (choice: DataRole) => void
}

export interface Chosen {
  readonly choice: DataRole
  readonly sources: Sources
  readonly general: GeneralSettings
  readonly log: Log
}

/** The backend that a command was called for, and its settings. Nothing is opened. */
export const choosePlace = (command: Command, composition: Composition, { name, require }: PlaceRequest): Chosen => {
  const choice = requireBackend(composition.dataBackends, name)
  require(choice)
  const given = givenIn(command)
  const flags = flagValues([choice.settings], given)
  hideSecrets(command, [choice.settings], flags)
  const { sources, general, log } = settingsOf(command, composition, Object.fromEntries(flags))
  warnOfOthers(choice, composition, given, log)
  return { choice, sources, general, log }
}

/** Opens the backend of a command, runs `work`, and always closes the backend. */
export const withPlace = async (
  command: Command,
  composition: Composition,
  request: PlaceRequest,
  work: (place: OpenPlace) => Promise<void>
): Promise<void> => {
  const { choice, sources, general, log } = choosePlace(command, composition, request)
  const reader = createReader(sources)
  const chunkSizes = reader.read(choice.chunkSizes)
  reader.finish()
  await interruptible(async (signal) => {
    const backend = await composition.openData(choice, sources, general, log)
    try {
      await work({ choice, backend, general, log, signal, chunkSizes })
    } finally {
      await backend.close()
    }
  })
}
