import { parameter } from '../../settings/define.ts'
import { headerText, integer, type Kind, number, text } from '../../settings/kinds.ts'
import { endpoints } from './endpoints.ts'

const endpoint: Kind<string> = {
  expected: `one of ${[...endpoints.keys()].join(', ')}, or the http:// or https:// URL of an API`,
  parse: (value) => {
    const known = endpoints.get(value.toLowerCase())
    if (known !== undefined) return known
    const url = URL.canParse(value) ? new URL(value) : undefined
    const plain = url?.search === '' && url.hash === '' && url.username === '' && url.password === ''
    return plain && /^https?:$/.test(url.protocol) ? url.href.replace(/\/+$/, '') : undefined
  }
}

/** Names and defaults are those of Python Ralph 5. Only UNSEAL_TIMEOUT is ours. */
export const ldpParameters = {
  endpoint: parameter('ENDPOINT', {
    kind: endpoint,
    default: endpoints.get('ovh-eu') ?? '',
    defaultText: 'ovh-eu',
    description: `API of OVH: ${[...endpoints.keys()].join(', ')}, or a URL.`
  }),
  applicationKey: parameter('APPLICATION_KEY', {
    kind: headerText,
    default: undefined,
    description: 'Application key for the API of OVH.',
    secret: true
  }),
  applicationSecret: parameter('APPLICATION_SECRET', {
    kind: text,
    default: undefined,
    description: 'Application secret for the API of OVH.',
    secret: true
  }),
  consumerKey: parameter('CONSUMER_KEY', {
    kind: headerText,
    default: undefined,
    description: 'Consumer key for the API of OVH.',
    secret: true
  }),
  serviceName: parameter('SERVICE_NAME', {
    kind: text,
    default: undefined,
    description: 'Account of the Logs Data Platform, as ldp-xx-12345.'
  }),
  streamId: parameter('DEFAULT_STREAM_ID', {
    kind: text,
    default: undefined,
    description: 'Stream whose archives are listed and read, unless --target names another.'
  }),
  requestTimeout: parameter('REQUEST_TIMEOUT', {
    kind: number(0.001, 86_400),
    default: undefined,
    defaultText: '300',
    description: 'Seconds that an answer, or the next piece of one, may take.'
  }),
  unsealTimeout: parameter('UNSEAL_TIMEOUT', {
    kind: integer(0, 604_800),
    default: 21_600,
    description: 'Seconds to wait for an archive that must be brought from cold storage; OVH needs minutes to hours.'
  })
}
