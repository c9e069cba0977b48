import { certificate } from './certificate.ts'
import { setting, type Values } from './define.ts'
import { integer, type Kind, list, text } from './kinds.ts'
import type { Reader } from './read.ts'

export const logHooks = ['syslog', 'elastic_search', 'gelf'] as const
export type LogHookName = (typeof logHooks)[number]

const hook: Kind<string> = {
  expected: 'a hook',
  parse: (value) => logHooks.find((name) => name === value.toLowerCase().replaceAll('-', '_'))
}

/** The receiver of lines by UDP, TCP or TLS. Returned as a URL with a port. */
const receiver = (usualPort: number): Kind<string> => ({
  placeholder: 'address',
  expected: 'host[:port], udp://…, tcp://… or tls://…',
  parse: (value) => {
    const whole = value.includes('://') ? value : `udp://${value}`
    const url = URL.canParse(whole) ? new URL(whole) : undefined
    if (url === undefined || url.hostname === '' || !['udp:', 'tcp:', 'tls:'].includes(url.protocol)) return undefined
    return `${url.protocol}//${url.hostname}:${url.port === '' ? usualPort : url.port}`
  }
})

/** `host:port` as in document 004, or a URL of the server. */
const server: Kind<string> = {
  expected: 'an address',
  parse: (value) => {
    const whole = value.includes('://') ? value : `http://${value}`
    const url = URL.canParse(whole) ? new URL(whole) : undefined
    const isPlain = url !== undefined && url.username === '' && url.hostname !== '' && /^https?:$/.test(url.protocol)
    return isPlain ? value.replace(/\/+$/, '') : undefined
  }
}

/** The block `logger` of the configuration file. */
export const loggerGroup = {
  hooks: setting('LOGGER__HOOKS', {
    kind: list(hook, `hooks (${logHooks.join(', ')})`),
    default: [],
    defaultText: '',
    flag: 'logger-hooks',
    description: 'Additional receivers of the log of the server; standard error always gets it.'
  }),
  queue: setting('LOGGER__QUEUE', {
    kind: integer(100, 1_000_000),
    default: 10_000,
    flag: 'logger-queue',
    description: 'Lines that a hook keeps while its receiver is unreachable. Further ones are dropped and counted.'
  }),
  syslog: setting('LOGGER__SYSLOG__ENDPOINT', {
    kind: receiver(514),
    default: 'udp://127.0.0.1:514',
    flag: 'logger-syslog-endpoint',
    description: 'The server of syslog (RFC 5424).'
  }),
  gelf: setting('LOGGER__GELF__ENDPOINT', {
    kind: receiver(12_201),
    default: 'udp://127.0.0.1:12201',
    flag: 'logger-gelf-endpoint',
    description: 'The server of GELF 1.1, such as Graylog.'
  }),
  endpoints: setting('LOGGER__ELASTIC_SEARCH__ENDPOINTS', {
    kind: list(server, 'addresses (host:port, http://…, https://…)'),
    default: ['127.0.0.1:9200'],
    defaultText: '127.0.0.1:9200',
    flag: 'logger-elastic-search-endpoints',
    description: 'The servers of Elasticsearch, used in turn; without a scheme TLS is used if CA_CERT is set.'
  }),
  username: setting('LOGGER__ELASTIC_SEARCH__USERNAME', {
    kind: text,
    default: undefined,
    flag: 'logger-elastic-search-username',
    description: 'User of Elasticsearch.'
  }),
  password: setting('LOGGER__ELASTIC_SEARCH__PASSWORD', {
    kind: text,
    default: undefined,
    flag: 'logger-elastic-search-password',
    secret: true,
    description: 'Password of the user.'
  }),
  authority: setting('LOGGER__ELASTIC_SEARCH__CA_CERT', {
    kind: certificate,
    default: undefined,
    flag: 'logger-elastic-search-ca-cert',
    description: 'The certificate authorities of the servers of Elasticsearch, as PEM in base64.'
  }),
  index: setting('LOGGER__ELASTIC_SEARCH__INDEX', {
    kind: text,
    default: 'ralph-logs',
    flag: 'logger-elastic-search-index',
    description: 'Index or data stream that lines are written to.'
  })
}

export type LoggerSettings = Values<typeof loggerGroup>

/** Reports problems that no single setting shows. */
export const checkLogger = ({ hooks, endpoints, username, password }: LoggerSettings, reader: Reader): void => {
  if (!hooks.includes('elastic_search')) return
  if (endpoints.length === 0) reader.refuse('RALPH_LOGGER__ELASTIC_SEARCH__ENDPOINTS is empty, expected addresses')
  if ((username === undefined) !== (password === undefined)) {
    reader.refuse('RALPH_LOGGER__ELASTIC_SEARCH__USERNAME and …__PASSWORD belong together: set both or none')
  }
}
