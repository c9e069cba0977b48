import type { Command } from 'commander'
import type { Log } from '../contracts/log.ts'
import { foreignVariables, loadGeneral, variablesOf } from '../settings/load.ts'
import type { GeneralSettings } from '../settings/settings.ts'
import { readSources, type Sources } from '../settings/sources.ts'
import { warnOfUnknown } from '../settings/unknown.ts'
import { createLineLog } from '../telemetry/lines.ts'
import type { Composition } from './composition.ts'
import { settingGroups } from './sections.ts'

/**
 * What every command except the server begins with: the sources of settings, the general settings, a log.
 * @param flags the command's own flags, by the variables they stand for
 */
export const settingsOf = (
  command: Command,
  composition: Composition,
  flags: { readonly [variable: string]: string | undefined } = {}
): { readonly sources: Sources; readonly general: GeneralSettings; readonly log: Log } => {
  const { verbosity } = command.optsWithGlobals<{ readonly verbosity?: string }>()
  const given = Object.entries({ RALPH_LOG_LEVEL: verbosity, ...flags }).flatMap(([variable, value]) =>
    value === undefined ? [] : [[variable, value] as const]
  )
  const groups = settingGroups(composition)
  const sources = readSources(new Map(given), undefined, foreignVariables(groups))
  const general = loadGeneral(sources)
  const log = createLineLog(general.log.level)
  warnOfUnknown(sources, variablesOf(groups), log)
  return { sources, general, log }
}
