import type { BytesBackend } from '../contracts/data-backend.ts'
import type { Log } from '../contracts/log.ts'
import type { S3Overrides } from '../downloads/s3.ts'
import { RalphError } from '../errors.ts'
import type { GeneralSettings, StorePlace } from '../settings/settings.ts'
import { type Sources, withBackendValues } from '../settings/sources.ts'
import type { Composition } from './composition.ts'
import { requireBackend } from './data-command.ts'

type Opening = Pick<Composition, 'dataBackends' | 'openData'>

/** Opens a backend that moves bytes, by its name. */
export const openBytes = async (
  { dataBackends, openData }: Opening,
  name: string,
  sources: Sources,
  general: Pick<GeneralSettings, 'appDir'>,
  log: Log
): Promise<BytesBackend> => {
  const backend = await openData(requireBackend(dataBackends, name), sources, general, log)
  if (backend.moves === 'bytes') return backend
  throw new RalphError('INTERNAL', `${name} has records, not bytes`)
}

const overridden: { readonly [name in keyof S3Overrides]-?: string } = {
  endpoint: 'ENDPOINT_URL',
  region: 'DEFAULT_REGION',
  accessKeyId: 'ACCESS_KEY_ID',
  secretAccessKey: 'SECRET_ACCESS_KEY',
  sessionToken: 'SESSION_TOKEN'
}

/** What a URL says about the server, by the parameters of the backend. */
const parametersOf = (overrides: S3Overrides): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(overrides).flatMap(([name, value]: [string, string | undefined]) => {
      const parameter = Object.entries(overridden).find(([each]) => each === name)?.[1]
      return parameter === undefined ? [] : [[parameter, value]]
    })
  )

/** Opens the S3 backend for the object of a URL. The URL overrides the settings. */
export const objectsOf =
  (opening: Opening, sources: Sources, general: GeneralSettings, log: Log) =>
  (overrides: S3Overrides): Promise<BytesBackend> =>
    openBytes(opening, 's3', withBackendValues(sources, 'flag', 's3', parametersOf(overrides)), general, log)

/** Opens the file store. */
export const storeOf =
  (opening: Opening, sources: Sources, general: GeneralSettings, log: Log) =>
  (place: StorePlace): Promise<BytesBackend> => {
    if (place.kind === 's3') return objectsOf(opening, sources, general, log)(place.access)
    const own = place.kind === 'fs' ? { DEFAULT_DIRECTORY_PATH: place.directory } : {}
    return openBytes(opening, place.kind, withBackendValues(sources, 'flag', place.kind, own), general, log)
  }
