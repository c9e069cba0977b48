import type { AccessRule, ArchiveSourceRole } from '../../contracts/archive-source.ts'
import { RalphError } from '../../errors.ts'
import { usualRetries } from '../../network/retry.ts'
import { foreignSetting } from '../../settings/define.ts'
import { headerText, text } from '../../settings/kinds.ts'
import { endpoints } from './endpoints.ts'
import { ldpParameters } from './settings.ts'

/** Names and defaults are those of ldp-mirror 0.x. Missing settings are taken from the data backend `ldp`. */
const settings = {
  applicationKey: foreignSetting('OVH_API_AK', {
    kind: { ...headerText, placeholder: 'KEY' },
    default: undefined,
    fallbacks: ['RALPH_BACKENDS__DATA__LDP__APPLICATION_KEY'],
    flag: 'app-key',
    secret: true,
    description: 'OVH application key.'
  }),
  applicationSecret: foreignSetting('OVH_API_AS', {
    kind: { ...text, placeholder: 'SECRET' },
    default: undefined,
    fallbacks: ['RALPH_BACKENDS__DATA__LDP__APPLICATION_SECRET'],
    flag: 'app-secret',
    secret: true,
    description: 'OVH application secret.'
  }),
  consumerKey: foreignSetting('OVH_API_CK', {
    kind: { ...headerText, placeholder: 'KEY' },
    default: undefined,
    fallbacks: ['RALPH_BACKENDS__DATA__LDP__CONSUMER_KEY'],
    flag: 'consumer-key',
    secret: true,
    description: 'OVH consumer key.'
  }),
  endpoint: foreignSetting('OVH_API_REGION', {
    kind: { ...ldpParameters.endpoint.kind, placeholder: 'REGION' },
    default: ldpParameters.endpoint.default,
    defaultText: ldpParameters.endpoint.defaultText,
    fallbacks: ['RALPH_BACKENDS__DATA__LDP__ENDPOINT'],
    flag: 'ovh-region',
    description: `OVH region: ${[...endpoints.keys()].join(', ')}, or the URL of an API.`
  })
}

/** `GET /dbaas/logs/*` alone is not enough, because a link to an archive is created by a POST. */
const rights: readonly AccessRule[] = [
  { method: 'GET', path: '/dbaas/logs' },
  { method: 'GET', path: '/dbaas/logs/*/output/graylog/stream' },
  { method: 'GET', path: '/dbaas/logs/*/output/graylog/stream/*/archive*' },
  { method: 'POST', path: '/dbaas/logs/*/output/graylog/stream/*/archive/*/url' }
]

/** Throws `INVALID_SETTING`, which names all missing settings. */
const requireSet = <Key extends 'applicationKey' | 'applicationSecret' | 'consumerKey'>(
  values: { readonly [key in Key]: string | undefined },
  keys: readonly Key[]
): { readonly [key in Key]: string } => {
  const missing = keys.filter((key) => (values[key] ?? '') === '').map((key) => settings[key])
  if (missing.length === 0) return Object.fromEntries(keys.map((key) => [key, values[key]])) as Record<Key, string>
  const names = missing.map(({ variable, flag }) => `${variable} (--${flag})`).join(', ')
  throw new RalphError('INVALID_SETTING', `the API of OVH needs ${names}: not set; see docs/mirror.md`, {
    missing: missing.map(({ variable }) => variable)
  })
}

/** The archives of OVH's Logs Data Platform, for `ralph mirror`. */
export const ldpArchives: ArchiveSourceRole = {
  name: 'ldp',
  summary: "archives of OVH's Logs Data Platform",
  settings,
  rights,
  configure: (reader) => {
    const values = reader.read(settings)
    return async ({ clock, log }) => {
      const keys = requireSet(values, ['applicationKey', 'applicationSecret', 'consumerKey'])
      const [{ createOvhApi }, { createArchiveSource }] = await Promise.all([
        import('./api.ts'),
        import('./archive-source.ts')
      ])
      const { endpoint } = values
      return createArchiveSource(
        createOvhApi({ endpoint, keys, requestTimeout: undefined, clock, log, retries: usualRetries })
      )
    }
  },
  requestKey: (reader) => {
    const { endpoint, ...values } = reader.read({
      applicationKey: settings.applicationKey,
      endpoint: settings.endpoint
    })
    return async ({ clock, log, redirection, signal }) => {
      const { applicationKey } = requireSet(values, ['applicationKey'])
      const [{ createOvhApi }, { requestKey }] = await Promise.all([import('./api.ts'), import('./request-key.ts')])
      const keys = { applicationKey, applicationSecret: '', consumerKey: '' }
      const api = createOvhApi({ endpoint, keys, requestTimeout: undefined, clock, log, retries: usualRetries })
      return requestKey(api, { rights, redirection, signal })
    }
  }
}
