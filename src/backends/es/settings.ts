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

/** As Elasticsearch has it, and at least one. */
const nodes: Kind<readonly string[]> = {
  ...hosts,
  parse: (value) => {
    const parsed = hosts.parse(value)
    return parsed === undefined || parsed.length === 0 ? undefined : parsed
  }
}

/** What Elasticsearch takes for the name of an index. */
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

/** Ralph's flag takes all options at once. */
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

/** Names and defaults are those of Ralph 5. */
export const esParameters = {
  hosts: parameter('HOSTS', {
    kind: nodes,
    default: ['http://localhost:9200'],
    defaultText: 'http://localhost:9200',
    description: 'Nodes of the Elasticsearch cluster, separated by commas, with credentials if it asks for them.',
    secret: true
  }),
  index: parameter('DEFAULT_INDEX', {
    kind: indexName,
    default: 'statements',
    description: 'Index of the statements; a user with a target has an index of that name.'
  }),
  allowYellowStatus: parameter('ALLOW_YELLOW_STATUS', {
    kind: boolean,
    default: false,
    description: 'Call a cluster well in which replicas are missing (status yellow).'
  }),
  refreshAfterWrite: parameter('REFRESH_AFTER_WRITE', {
    kind: choice(['true', 'false', 'wait_for']),
    default: undefined,
    description:
      'Whether statements are made searchable for other programs as part of writing them. This server needs it not.'
  }),
  pointInTimeKeepAlive: parameter('POINT_IN_TIME_KEEP_ALIVE', {
    kind: duration,
    default: '1m',
    description: 'Taken as Ralph has it, and of no consequence: links to more statements do not expire.'
  }),
  clientOptions: parameter('CLIENT_OPTIONS', {
    kind: clientOptions,
    default: undefined,
    description: 'ca_certs and verify_certs at once, as key=value.'
  }),
  caCerts: parameter('CLIENT_OPTIONS__ca_certs', {
    kind: path,
    default: undefined,
    description: 'File with the certificates that the servers are checked with, instead of those of the platform.'
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
    description: 'Milliseconds for which the first of some requests waits for others to be written with it.'
  })
}

const { hosts: nodesOfCluster, index, allowYellowStatus, caCerts, verifyCerts } = esParameters

/** In the role of a place to read from and to write to. */
export const esDataParameters = {
  hosts: nodesOfCluster,
  index: { ...index, description: 'Index that is read and written when the command names no target.' },
  allowYellowStatus,
  refreshAfterWrite: parameter('REFRESH_AFTER_WRITE', {
    kind: choice(['true', 'false', 'wait_for']),
    default: undefined,
    defaultText: 'once, at the end',
    description: 'Whether each request that writes makes its records searchable; false leaves it to Elasticsearch.'
  }),
  pointInTimeKeepAlive: parameter('POINT_IN_TIME_KEEP_ALIVE', {
    kind: duration,
    default: '1m',
    description: 'How long Elasticsearch keeps what is being read when it hears nothing of the reader.'
  }),
  clientOptions: esParameters.clientOptions,
  caCerts,
  verifyCerts,
  timeout: esParameters.timeout
}
