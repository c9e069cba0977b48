import { timeoutParameter } from '../../network/time-limit.ts'
import { parameter } from '../../settings/define.ts'
import { boolean, choice, integer, type Kind, list, path } from '../../settings/kinds.ts'

const node: Kind<string> = {
  expected: 'an http:// or https:// URL',
  parse: (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    const isNode = url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
    return isNode ? url.href.replace(/\/+$/, '') : undefined
  }
}

const hosts = list(node, 'http:// or https:// URLs')

/** The form of Elasticsearch, with at least one node. */
const nodes: Kind<readonly string[]> = {
  ...hosts,
  parse: (value) => {
    const parsed = hosts.parse(value)
    return parsed === undefined || parsed.length === 0 ? undefined : parsed
  }
}

/** The rules of Elasticsearch for the name of an index. */
const indexName: Kind<string> = {
  expected: 'a name of an index: lower case, without spaces and \\ / * ? " < > | , # :',
  parse: (value) =>
    /^(?![-_+])[^\s\\/*?"<>|,#:A-Z]+$/u.test(value) && !/^\.\.?$/.test(value) && Buffer.byteLength(value) <= 240
      ? value
      : undefined
}

const duration: Kind<string> = {
  placeholder: 'duration',
  expected: 'a time with its unit, as 1m',
  parse: (value) => (/^\d+(nanos|micros|ms|s|m|h|d)$/.test(value) ? value : undefined)
}

export interface ClientOptions {
  readonly caCerts?: string
  readonly verifyCerts?: boolean
}

/** The flag of Python Ralph takes all options at once. */
const clientOptions: Kind<ClientOptions> = {
  expected: 'ca_certs=PATH and verify_certs=true|false, separated by commas',
  parse: (value) => {
    const read: { caCerts?: string; verifyCerts?: boolean } = {}
    for (const pair of value.split(',')) {
      const [key = '', option = ''] = pair.split(/=(.*)/s, 2).map((each) => each.trim())
      const verify = boolean.parse(option)
      if (key === 'ca_certs' && option !== '') read.caCerts = option
      else if (key === 'verify_certs' && verify !== undefined) read.verifyCerts = verify
      else return undefined
    }
    return read
  }
}

/** Names and defaults are those of Python Ralph 5. */
export const esParameters = {
  hosts: parameter('HOSTS', {
    kind: nodes,
    default: ['http://localhost:9200'],
    defaultText: 'http://localhost:9200',
    description: 'Nodes of the Elasticsearch cluster, separated by commas, with credentials if it needs them.',
    secret: true,
    isAddress: true
  }),
  index: parameter('DEFAULT_INDEX', {
    kind: indexName,
    default: 'statements',
    description: 'Index of the statements. Each target of a user is another index, with the name of the target.'
  }),
  allowYellowStatus: parameter('ALLOW_YELLOW_STATUS', {
    kind: boolean,
    default: false,
    description: 'Whether a cluster with missing replicas (status yellow) counts as healthy.'
  }),
  refreshAfterWrite: parameter('REFRESH_AFTER_WRITE', {
    kind: choice(['true', 'false', 'wait_for']),
    default: undefined,
    description: 'Whether a write makes its statements searchable for other programs. This server does not need it.'
  }),
  pointInTimeKeepAlive: parameter('POINT_IN_TIME_KEEP_ALIVE', {
    kind: duration,
    default: '1m',
    description:
      'Accepted for compatibility with Python Ralph. It has no effect: links to more statements do not expire.'
  }),
  clientOptions: parameter('CLIENT_OPTIONS', {
    kind: clientOptions,
    default: undefined,
    description: 'ca_certs and verify_certs together, as key=value.'
  }),
  caCerts: parameter('CLIENT_OPTIONS__ca_certs', {
    kind: path,
    default: undefined,
    description: 'File with the certificates that servers are checked with. The default is those of the platform.'
  }),
  verifyCerts: parameter('CLIENT_OPTIONS__verify_certs', {
    kind: boolean,
    default: undefined,
    defaultText: 'true',
    description: 'Whether certificates of the servers are checked.'
  }),
  timeout: timeoutParameter('Elasticsearch'),
  writeDelay: parameter('WRITE_DELAY', {
    kind: integer(0, 1000),
    default: 0,
    description: 'Milliseconds that the first request of a batch waits for others to join.'
  })
}

const { hosts: nodesOfCluster, index, allowYellowStatus, caCerts, verifyCerts } = esParameters

/** The settings for reading and writing records. */
export const esDataParameters = {
  hosts: nodesOfCluster,
  index: { ...index, description: 'Index that is read and written when the command names no target.' },
  allowYellowStatus,
  refreshAfterWrite: parameter('REFRESH_AFTER_WRITE', {
    kind: choice(['true', 'false', 'wait_for']),
    default: undefined,
    defaultText: 'once, at the end',
    description: 'Whether each write makes its records searchable. With false, Elasticsearch chooses the time.'
  }),
  pointInTimeKeepAlive: parameter('POINT_IN_TIME_KEEP_ALIVE', {
    kind: duration,
    default: '1m',
    description: 'How long Elasticsearch keeps a read open while the reader sends no request.'
  }),
  clientOptions: esParameters.clientOptions,
  caCerts,
  verifyCerts,
  timeout: esParameters.timeout
}
