import { join } from 'node:path'
import type { RegistrySettings } from '../contracts/registry.ts'
import { certificate } from './certificate.ts'
import { setting, type Values } from './define.ts'
import { boolean, duration, type Kind, list, text } from './kinds.ts'
import { createReader } from './read.ts'
import type { Sources } from './sources.ts'

const providers = {
  etcd: 'etcd',
  zookeeper: 'zookeeper',
  zk: 'zookeeper',
  consul: 'consul',
  boltdb: 'boltdb',
  bolt: 'boltdb',
  local: 'boltdb'
} as const

const provider: Kind<RegistrySettings['provider']> = {
  expected: `one of ${Object.keys(providers).join(', ')}`,
  placeholder: 'name',
  parse: (value) => Object.entries(providers).find(([name]) => name === value.toLowerCase())?.[1]
}

const bucket: Kind<string> = {
  expected: 'names separated by slashes, without . and ..',
  parse: (value) => {
    const names = value.split('/').filter((name) => name !== '')
    const isBad = names.length === 0 || names.some((name) => name === '.' || name === '..' || name.includes('\0'))
    return isBad ? undefined : names.join('/')
  }
}

/** The block `registry` of the configuration file. */
export const registryGroup = {
  provider: setting('REGISTRY__PROVIDER', {
    kind: provider,
    default: undefined,
    defaultText: 'etcd if endpoints are set, else boltdb',
    flag: 'registry-provider',
    description:
      'Which registry: etcd, zookeeper (zk), consul, or boltdb (bolt, local), which is a file of one process.'
  }),
  endpoints: {
    ...setting('REGISTRY__ENDPOINTS', {
      kind: list({ ...text, expected: 'addresses' }, 'addresses'),
      default: undefined,
      defaultText: '127.0.0.1; boltdb: registry.db in RALPH_APP_DIR',
      flag: 'registry-endpoints',
      description: 'Its servers, host[:port]; https:// before it for TLS. Of boltdb the path of its file.'
    }),
    fallbacks: ['REGISTRY_ENDPOINTS']
  },
  username: setting('REGISTRY__USERNAME', {
    kind: text,
    default: undefined,
    flag: 'registry-username',
    description: 'User of the registry; of Consul, the user of a proxy before it.'
  }),
  password: setting('REGISTRY__PASSWORD', {
    kind: text,
    default: undefined,
    flag: 'registry-password',
    secret: true,
    description: 'Password of the user; of Consul, without a user, the token.'
  }),
  timeout: setting('REGISTRY__TIMEOUT', {
    kind: duration,
    default: 5000,
    defaultText: '5s',
    flag: 'registry-timeout',
    description: 'Within this time a server must be reached.'
  }),
  certificate: setting('REGISTRY__CERTIFICATE', {
    kind: certificate,
    default: undefined,
    flag: 'registry-certificate',
    description:
      'The authorities that the servers are trusted by, as PEM in base64; TLS is then used. Not with ZooKeeper.'
  }),
  bucket: setting('REGISTRY__BUCKET', {
    kind: bucket,
    default: 'ralph',
    flag: 'registry-bucket',
    description: 'All keys are below this one.'
  }),
  requestTimeout: setting('REGISTRY__HEADER_TIMEOUT_PER_REQUEST', {
    kind: duration,
    default: 60_000,
    defaultText: '1m',
    flag: 'registry-header-timeout-per-request',
    description: 'Within this time a request must be answered.'
  }),
  autoSync: setting('REGISTRY__AUTO_SYNC', {
    kind: boolean,
    default: true,
    flag: 'registry-auto-sync',
    description: 'Ask etcd for the addresses of all its servers, at the start and every five minutes.'
  })
}

/** Milliseconds: below it a pause of a server would look like its death. */
const shortestTtl = 1000

const serviceName: Kind<string> = {
  expected: 'a name without slashes',
  placeholder: 'name',
  parse: (value) => (/^[^/\p{Cc}]+$/u.test(value) && value !== '.' && value !== '..' ? value : undefined)
}

/** What a server does with a registry that several machines share. */
export const nodeGroup = {
  service: setting('REGISTRY__SERVICE', {
    kind: serviceName,
    default: 'lrs',
    flag: 'registry-service',
    description: 'The server registers itself below services/NAME, where clients find it.'
  }),
  address: setting('REGISTRY__ADDRESS', {
    kind: text,
    default: undefined,
    defaultText: 'the host that it listens on; if that is every one, the first address of this machine',
    flag: 'registry-address',
    description: 'Host by which clients reach this server.'
  }),
  ttl: setting('REGISTRY__TTL', {
    kind: duration,
    default: 10_000,
    defaultText: '10s',
    flag: 'registry-ttl',
    description: 'A server that died is registered, and keeps its locks, for so long.'
  })
}

/** @param appDir where the file of boltdb is. `INVALID_SETTING` names everything that is wrong. */
export const loadRegistry = (
  sources: Sources,
  appDir: string
): RegistrySettings & {
  /** Whether somebody has chosen a registry. */
  readonly isConfigured: boolean
} => {
  const reader = createReader(sources)
  const { provider: chosen, endpoints: given, ...rest } = reader.read(registryGroup)
  const kind = chosen ?? (given === undefined ? 'boltdb' : 'etcd')
  const endpoints = given ?? (kind === 'boltdb' ? [join(appDir, 'registry.db')] : ['127.0.0.1'])
  if (endpoints.length === 0) reader.refuse('RALPH_REGISTRY__ENDPOINTS is empty, expected addresses')
  if ((kind === 'boltdb' || kind === 'consul') && endpoints.length > 1)
    reader.refuse(`RALPH_REGISTRY__ENDPOINTS must be one for ${kind}`)
  if (rest.username !== undefined && rest.password === undefined)
    reader.refuse('RALPH_REGISTRY__USERNAME needs RALPH_REGISTRY__PASSWORD')
  if (kind === 'zookeeper' && (rest.certificate !== undefined || endpoints.some((each) => each.startsWith('https:'))))
    reader.refuse('RALPH_REGISTRY__PROVIDER is zookeeper, whose client has no TLS: set no certificate and no https://')
  reader.finish()
  return { ...rest, provider: kind, endpoints, isConfigured: chosen !== undefined || given !== undefined }
}

/** What a server does with its registry; undefined: none is set, or one of one process. `INVALID_SETTING` */
export const loadNode = (sources: Sources, appDir: string): Values<typeof nodeGroup> | undefined => {
  const { isConfigured, provider: kind } = loadRegistry(sources, appDir)
  const reader = createReader(sources)
  const node = reader.read(nodeGroup)
  if (node.ttl < shortestTtl) reader.refuse('RALPH_REGISTRY__TTL is too short: expected 1s or more')
  reader.finish()
  return isConfigured && kind !== 'boltdb' ? node : undefined
}
