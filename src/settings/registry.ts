import { join } from 'node:path'
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

type Provider = (typeof providers)[keyof typeof providers]

const provider: Kind<Provider> = {
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
      description: 'Servers of the registry, host[:port]; with https:// for TLS. For boltdb the path of its file.'
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
    description: 'Time within which a server must be reached.'
  }),
  certificate: setting('REGISTRY__CERTIFICATE', {
    kind: certificate,
    default: undefined,
    flag: 'registry-certificate',
    description: 'The certificate authorities of the servers, as PEM in base64; turns TLS on. Not for ZooKeeper.'
  }),
  bucket: setting('REGISTRY__BUCKET', {
    kind: bucket,
    default: 'ralph',
    flag: 'registry-bucket',
    description: 'Prefix of all keys.'
  }),
  requestTimeout: setting('REGISTRY__HEADER_TIMEOUT_PER_REQUEST', {
    kind: duration,
    default: 60_000,
    defaultText: '1m',
    flag: 'registry-header-timeout-per-request',
    description: 'Time within which a request must be answered.'
  }),
  autoSync: setting('REGISTRY__AUTO_SYNC', {
    kind: boolean,
    default: true,
    flag: 'registry-auto-sync',
    description: 'Ask etcd for the addresses of all its servers, at the start and every five minutes.'
  })
}

/** Milliseconds. With a shorter one, a pause of a server would look like a crash. */
const shortestTtl = 1000

const serviceName: Kind<string> = {
  expected: 'a name without slashes',
  placeholder: 'name',
  parse: (value) => (/^[^/\p{Cc}]+$/u.test(value) && value !== '.' && value !== '..' ? value : undefined)
}

/** For a server with a registry that several machines share. */
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
    defaultText: 'the host that the server listens on; if it listens on all, the first address of this machine',
    flag: 'registry-address',
    description: 'Host for clients of this server.'
  }),
  ttl: setting('REGISTRY__TTL', {
    kind: duration,
    default: 10_000,
    defaultText: '10s',
    flag: 'registry-ttl',
    description: 'How long a crashed server stays registered and keeps its locks.'
  })
}

/** @param appDir directory of the file of boltdb. Throws `INVALID_SETTING` with all problems. */
export const loadRegistry = (
  sources: Sources,
  appDir: string
): Omit<Values<typeof registryGroup>, 'provider' | 'endpoints'> & {
  readonly provider: Provider
  readonly endpoints: readonly string[]
  /** Whether a registry was configured. */
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
    reader.refuse(
      'RALPH_REGISTRY__PROVIDER is zookeeper, whose client does not support TLS: set no certificate and no https://'
    )
  reader.finish()
  return { ...rest, provider: kind, endpoints, isConfigured: chosen !== undefined || given !== undefined }
}

/** For a server with a registry. Undefined: there is none, or it is a file of one process. Throws `INVALID_SETTING`. */
export const loadNode = (sources: Sources, appDir: string): Values<typeof nodeGroup> | undefined => {
  const { isConfigured, provider: kind } = loadRegistry(sources, appDir)
  const reader = createReader(sources)
  const node = reader.read(nodeGroup)
  if (node.ttl < shortestTtl) reader.refuse('RALPH_REGISTRY__TTL is too short: expected 1s or more')
  reader.finish()
  return isConfigured && kind !== 'boltdb' ? node : undefined
}
