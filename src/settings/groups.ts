import { versions } from '../xapi/version.ts'
import { setting } from './define.ts'
import {
  boolean,
  choice,
  formatSize,
  integer,
  json,
  list,
  origin,
  path,
  size,
  text,
  trust,
  url,
  uuid
} from './kinds.ts'
import { limitSettings } from './limits.ts'

const mebibyte = 2 ** 20

export const logLevels = ['CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG'] as const
export const accessLogs = ['some', 'all', 'none'] as const
export const logFormats = ['auto', 'text', 'json'] as const

export const generalGroup = {
  appDir: setting('APP_DIR', {
    kind: path,
    default: undefined,
    defaultText: "the platform's directory for the configuration of `ralph`",
    description: 'Application directory, with auth.json, history.json and the embedded store.'
  }),
  tempDir: setting('TEMP_DIR', {
    kind: path,
    default: undefined,
    defaultText: "`ralph-USER` in the platform's directory for temporary files",
    description: 'Directory for temporary data: downloads, and uploads until they are imported.'
  }),
  historyFile: setting('HISTORY_FILE', {
    kind: path,
    default: undefined,
    defaultText: '`history.json` in RALPH_APP_DIR',
    description: 'File with the history of `ralph read` and `ralph write`, for `ralph list --new`.'
  }),
  localeEncoding: setting('LOCALE_ENCODING', {
    kind: choice(['utf8', 'utf-8', 'ascii']),
    default: 'utf8',
    description: 'Encoding of files and passwords; Ralph supports only UTF-8.'
  }),
  config: setting('CONFIG', {
    kind: path,
    default: undefined,
    description: 'YAML file with blocks of settings (`downloadmanager:`); variables and flags override it.'
  }),
  secretsDir: setting('SECRETS_DIR', {
    kind: path,
    default: undefined,
    description: 'Directory of files with the names of variables; each file has the value of its variable.'
  }),
  logLevel: setting('LOG_LEVEL', {
    kind: choice(logLevels),
    default: undefined,
    defaultText: 'INFO',
    description: 'Lowest level that is logged (`ralph -v LEVEL` does the same).',
    flag: 'verbosity'
  }),
  logFormat: setting('LOG_FORMAT', {
    kind: choice(logFormats),
    default: 'auto',
    description: 'Log format of the server; auto: text on a terminal, otherwise JSON lines.'
  }),
  logging: setting('LOGGING', {
    kind: json,
    default: undefined,
    description:
      'Logging configuration of Python Ralph 5; only the level of the logger `ralph` is used, if LOG_LEVEL is not set.'
  })
}

export const serverGroup = {
  backend: setting('RUNSERVER_BACKEND', {
    kind: text,
    default: 'sqlite',
    description: 'Backend in which statements are kept.',
    letter: 'b'
  }),
  waitForBackend: setting('RUNSERVER_WAIT_FOR_BACKEND', {
    kind: integer(0, 86_400),
    default: 60,
    description: 'Seconds that the server waits at its start for a database that is not ready.'
  }),
  workers: setting('RUNSERVER_WORKERS', {
    kind: integer(1, 256),
    default: 1,
    description:
      'Processes that share the port, for a machine with several cores. More than one needs a store that several servers can open, and no ' +
      'imports.'
  }),
  host: setting('RUNSERVER_HOST', {
    kind: text,
    default: '0.0.0.0',
    description: 'Address to listen on; 127.0.0.1: this machine only.',
    letter: 'h'
  }),
  port: setting('RUNSERVER_PORT', {
    kind: integer(0, 65_535),
    default: 8100,
    description: 'Port to listen on; 0: any free one.',
    letter: 'p'
  }),
  maxSearchHits: setting('RUNSERVER_MAX_SEARCH_HITS_COUNT', {
    kind: integer(1, 100_000),
    default: 100,
    description: 'Statements on a page: default and maximum of the parameter `limit`.'
  }),
  publicUrl: setting('RUNSERVER_PUBLIC_URL', {
    kind: url,
    default: undefined,
    description: 'Address of this server for clients, path prefix included, if there is a proxy.'
  }),
  trustProxy: setting('RUNSERVER_TRUST_PROXY', {
    kind: trust,
    default: false,
    description:
      'Proxies whose X-Forwarded-For is trusted: it is the address in the log, and the one by which logins are shared.'
  }),
  ...limitSettings,
  accessLog: setting('RUNSERVER_ACCESS_LOG', {
    kind: choice(accessLogs),
    default: 'some',
    description:
      'Requests in the log: `all`, one line each; `some`, 20 lines a second and a count of the others, without successful health checks; `none`.'
  }),
  corsAllowOrigins: setting('RUNSERVER_CORS_ALLOW_ORIGINS', {
    kind: list(origin, 'origins (scheme://host[:port], https://*.domain for all below it, or * for all)'),
    default: [],
    defaultText: '',
    description:
      'Web origins whose pages may call this server (`https://*.domain`: all below it; `*`: all, but without cookies and ' +
      'remembered passwords); none: CORS is off.'
  })
}

export const lrsGroup = {
  requireVersionHeader: setting('LRS_REQUIRE_VERSION_HEADER', {
    kind: boolean,
    default: false,
    description: 'Refuse xAPI requests without X-Experience-API-Version, as the specification requires.'
  }),
  defaultVersion: setting('LRS_DEFAULT_VERSION', {
    kind: choice(versions),
    default: '1.0.3',
    description: 'xAPI version for requests without X-Experience-API-Version.',
    flag: 'default-version'
  }),
  restrictByAuthority: setting('LRS_RESTRICT_BY_AUTHORITY', {
    kind: boolean,
    default: false,
    description: 'Users read and void only the statements that they sent themselves; other statements are hidden.'
  }),
  restrictByScopes: setting('LRS_RESTRICT_BY_SCOPES', {
    kind: boolean,
    default: false,
    description: 'Users may do only what their scopes in the auth file allow; needs RALPH_LRS_RESTRICT_BY_AUTHORITY.'
  }),
  partialSuccessDefault: setting('LRS_PARTIAL_SUCCESS_DEFAULT', {
    kind: boolean,
    default: false,
    description: 'Store the valid statements of a batch even if others are invalid, unless the request says otherwise.'
  }),
  ignoreUnknownParameters: setting('LRS_IGNORE_UNKNOWN_PARAMETERS', {
    kind: boolean,
    default: false,
    description: 'Ignore unknown query parameters, which content copies from its launch link, instead of answering 400.'
  }),
  rejectedDirectory: setting('LRS_REJECTED_REQUESTS_DIRECTORY', {
    kind: path,
    default: undefined,
    description: 'Directory for rejected requests to store statements, with the reasons, see `ralph rejected`.'
  }),
  rejectedMaxSize: setting('LRS_REJECTED_REQUESTS_MAX_SIZE', {
    kind: size(mebibyte, 2 ** 50),
    default: 256 * mebibyte,
    defaultText: formatSize(256 * mebibyte),
    description: 'Largest total size of rejected requests; the oldest are deleted first.'
  }),
  signatureKeys: setting('LRS_SIGNATURE_KEYS', {
    kind: path,
    default: undefined,
    description: 'PEM file with public keys for signed statements that have no certificate.'
  })
}

export const identityGroup = {
  authFile: setting('AUTH_FILE', {
    kind: path,
    default: undefined,
    defaultText: 'auth.json in RALPH_APP_DIR',
    description: 'File with the users of the server, see `ralph auth`.'
  }),
  cacheMaxSize: setting('AUTH_CACHE_MAX_SIZE', {
    kind: integer(0, 1_000_000),
    default: 10_000,
    description: 'Number of verified credentials to remember; 0: none, every request costs a bcrypt.'
  }),
  cacheTtl: setting('AUTH_CACHE_TTL', {
    kind: integer(0, 31_536_000),
    default: 3600,
    description: 'Seconds for which verified credentials are remembered.'
  }),
  allowDemoCredentials: setting('ALLOW_DEMO_CREDENTIALS', {
    kind: boolean,
    default: false,
    description: "Accept the tutorial's well-known user janedoe also on addresses that others can reach."
  })
}

export const converterGroup = {
  uuidNamespace: setting('CONVERTER_EDX_XAPI_UUID_NAMESPACE', {
    kind: uuid,
    default: undefined,
    description: 'UUID namespace for the ids of `ralph convert`: the same namespace and event give the same id.',
    flag: 'uuid-namespace',
    letter: 'u'
  })
}
