import type { BytesBackend } from '../contracts/data-backend.ts'
import type { Log } from '../contracts/log.ts'
import type { S3Overrides } from '../downloads/s3.ts'
import { RalphError } from '../errors.ts'
import type { GeneralSettings } from '../settings/settings.ts'
import type { Sources } from '../settings/sources.ts'
import type { Composition } from './composition.ts'
import { requireBackend } from './data-command.ts'

const prefix = 'RALPH_BACKENDS__DATA__S3__'
const overridden: { readonly [name in keyof S3Overrides]-?: string } = {
  endpoint: `${prefix}ENDPOINT_URL`,
  region: `${prefix}DEFAULT_REGION`,
  accessKeyId: `${prefix}ACCESS_KEY_ID`,
  secretAccessKey: `${prefix}SECRET_ACCESS_KEY`,
  sessionToken: `${prefix}SESSION_TOKEN`
}

/** What a URL says of the server comes before what is set. */
const sourcesWith = (sources: Sources, overrides: S3Overrides): Sources => {
  const given = Object.entries(overrides).flatMap(([name, value]: [string, string]) => {
    const variable = Object.entries(overridden).find(([each]) => each === name)?.[1]
    return variable === undefined ? [] : [[variable, value] as const]
  })
  return { ...sources, ordered: [{ name: 'flag', values: new Map(given) }, ...sources.ordered] }
}

/** Opens the S3 backend for the object of a URL, as the settings and the URL say. */
export const objectsOf =
  (
    { dataBackends, openData }: Pick<Composition, 'dataBackends' | 'openData'>,
    sources: Sources,
    general: GeneralSettings,
    log: Log
  ) =>
  async (overrides: S3Overrides): Promise<BytesBackend> => {
    const s3 = requireBackend(dataBackends, 's3')
    const backend = await openData(s3, sourcesWith(sources, overrides), general, log)
    if (backend.moves === 'bytes') return backend
    throw new RalphError('INTERNAL', 's3 has records, not bytes')
  }
