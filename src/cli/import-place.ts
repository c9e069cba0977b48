import type { DataRole } from '../contracts/backend-definition.ts'
import type { ImportPlace, OpenImportPlace } from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import { keepSettings, withKeptSettings } from '../settings/kept-settings.ts'
import type { GeneralSettings } from '../settings/settings.ts'
import type { Sources } from '../settings/sources.ts'
import type { Composition } from './composition.ts'
import { findBackend, requireBackend } from './data-command.ts'

/** The place that a command names, as its import keeps it. */
export const placeOf = ({ name, settings }: DataRole, target: string | undefined, sources: Sources): ImportPlace => ({
  backend: name,
  target,
  ...keepSettings(settings, sources)
})

/** Opens the places that imports have kept. */
export const openImportPlaceOf =
  (
    { dataBackends, findDataBackend, openData }: Pick<Composition, 'dataBackends' | 'findDataBackend' | 'openData'>,
    sources: Sources,
    general: GeneralSettings,
    log: Log
  ): OpenImportPlace =>
  async (place) => {
    const { backend: name } = place
    const role = findBackend(dataBackends, name) ?? (await findDataBackend(name)) ?? requireBackend(dataBackends, name)
    return openData(role, withKeptSettings(role.settings, place, sources), general, log)
  }
