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

/** The data backend of a name or alias; undefined: there is none. */
export const findBackend = (backends: readonly DataRole[], name: string): DataRole | undefined => {
  const wanted = name.toLowerCase()
  return backends.find((backend) => backend.name === wanted || backend.aliases.includes(wanted))
}

/** `UNKNOWN_BACKEND` names the ones there are. */
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
      `${names.join(', ')}, and what a package ralph-backend-${name} would bring`,
    { backend: name, backends: names }
  )
}

/**
 * The flags `--backend` and those of all backends. In the help stand those of the chosen one, or of all that can do it.
 */
export const addBackendOptions = (
  command: Command,
  { dataBackends, chosenBackend = '' }: Pick<Composition, 'dataBackends' | 'chosenBackend'>,
  can: (capabilities: DataCapabilities) => boolean,
  /** What it means to say no backend; undefined: one must be said. */
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

/** Flags of backends that were not chosen: as Ralph, we pass them over, but not in silence. */
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

/** A place that is open, and all that a command needs to work with it. */
export interface OpenPlace {
  readonly choice: DataRole
  readonly backend: DataBackend
  readonly general: GeneralSettings
  readonly log: Log
  /** Ctrl-C and the like. */
  readonly signal: AbortSignal
  /** READ_CHUNK_SIZE and WRITE_CHUNK_SIZE of the backend; undefined or 0: not set. */
  readonly chunkSizes: { readonly readChunkSize?: unknown; readonly writeChunkSize?: unknown }
}

export interface PlaceRequest {
  /** As `--backend` names it. */
  readonly name: string
  /** Refuses what the backend cannot do, before anything is asked of it. */
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

/** Opens the place that a command was called for, works with it, and closes it whatever happens. */
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
