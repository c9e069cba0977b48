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
    description: 'Application directory: auth.json, history.json and the embedded store live there.'
  }),
  tempDir: setting('TEMP_DIR', {
    kind: path,
    default: undefined,
    defaultText: "`ralph-USER` in the platform's directory for temporary files",
    description: 'Directory for what need not be kept: downloads, and uploads until they are imported.'
  }),
  historyFile: setting('HISTORY_FILE', {
    kind: path,
    default: undefined,
    defaultText: '`history.json` in RALPH_APP_DIR',
    description: 'What `ralph read` and `ralph write` have moved is noted there, for `ralph list --new`.'
  }),
  localeEncoding: setting('LOCALE_ENCODING', {
    kind: choice(['utf8', 'utf-8', 'ascii']),
    default: 'utf8',
    description: 'Encoding of files and passwords; Ralph reads and writes UTF-8 and nothing else.'
  }),
  config: setting('CONFIG', {
    kind: path,
    default: undefined,
    description: 'YAML file with blocks of settings (`downloadmanager:`); variables and flags win over it.'
  }),
  secretsDir: setting('SECRETS_DIR', {
    kind: path,
    default: undefined,
    description: 'Directory of files that are named as the variables here and hold their values.'
  }),
  logLevel: setting('LOG_LEVEL', {
    kind: choice(logLevels),
    default: undefined,
    defaultText: 'INFO',
    description: 'The least important kind of message that is logged (`ralph -v LEVEL` does the same).',
    flag: 'verbosity'
  }),
  logFormat: setting('LOG_FORMAT', {
    kind: choice(logFormats),
    default: 'auto',
    description: 'How the server logs to standard error; auto: text on a terminal, else JSON lines.'
  }),
  logging: setting('LOGGING', {
    kind: json,
    default: undefined,
    description:
      "Logging configuration of Ralph 5; only the level of the logger `ralph` is read, if LOG_LEVEL isn't set."
  })
}

export const serverGroup = {
  backend: setting('RUNSERVER_BACKEND', {
    kind: text,
    default: 'sqlite',
    description: 'Where statements are kept.',
    letter: 'b'
  }),
  waitForBackend: setting('RUNSERVER_WAIT_FOR_BACKEND', {
    kind: integer(0, 86_400),
    default: 60,
    description: 'Seconds for which the server waits at its start for a database that does not serve yet.'
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
    description: 'Where clients reach this server, path prefix included, if a proxy stands before it.'
  }),
  trustProxy: setting('RUNSERVER_TRUST_PROXY', {
    kind: trust,
    default: false,
    description:
      'Proxies whose X-Forwarded-For is believed: the address in the log, and the one whose share of logins a client has.'
  }),
  ...limitSettings,
  accessLog: setting('RUNSERVER_ACCESS_LOG', {
    kind: choice(accessLogs),
    default: 'some',
    description:
      'Requests in the log: `all`, a line each; `some`, a line for 20 in a second and a count of the others, without health checks that succeed; `none`.'
  }),
  corsAllowOrigins: setting('RUNSERVER_CORS_ALLOW_ORIGINS', {
    kind: list(origin, 'origins (scheme://host[:port], https://*.domain for all below it, or * for all)'),
    default: [],
    defaultText: '',
    description:
      'Web origins whose pages may call this server (`https://*.domain`: all below it; `*`: all, without cookies and ' +
      'remembered passwords); none: CORS is off.'
  })
}

export const lrsGroup = {
  requireVersionHeader: setting('LRS_REQUIRE_VERSION_HEADER', {
    kind: boolean,
    default: false,
    description: 'Refuse xAPI requests without X-Experience-API-Version, as the specification says.'
  }),
  defaultVersion: setting('LRS_DEFAULT_VERSION', {
    kind: choice(versions),
    default: '1.0.3',
    description: 'xAPI version that serves requests without X-Experience-API-Version.',
    flag: 'default-version'
  }),
  restrictByAuthority: setting('LRS_RESTRICT_BY_AUTHORITY', {
    kind: boolean,
    default: false,
    description:
      'Users read only the statements that they sent themselves, learn nothing of others, and void no others.'
  }),
  restrictByScopes: setting('LRS_RESTRICT_BY_SCOPES', {
    kind: boolean,
    default: false,
    description: 'Users do only what the scopes in the auth file allow; needs RALPH_LRS_RESTRICT_BY_AUTHORITY.'
  }),
  partialSuccessDefault: setting('LRS_PARTIAL_SUCCESS_DEFAULT', {
    kind: boolean,
    default: false,
    description: 'Store the valid statements of a batch even if others are invalid, unless the request says otherwise.'
  }),
  ignoreUnknownParameters: setting('LRS_IGNORE_UNKNOWN_PARAMETERS', {
    kind: boolean,
    default: false,
    description:
      'Pass over query parameters of unknown names, which content copies from its launch link, instead of answering 400.'
  }),
  rejectedDirectory: setting('LRS_REJECTED_REQUESTS_DIRECTORY', {
    kind: path,
    default: undefined,
    description:
      'Requests to store statements that are rejected are kept in this directory, with the reasons, for `ralph rejected`.'
  }),
  rejectedMaxSize: setting('LRS_REJECTED_REQUESTS_MAX_SIZE', {
    kind: size(mebibyte, 2 ** 50),
    default: 256 * mebibyte,
    defaultText: formatSize(256 * mebibyte),
    description: 'What rejected requests may take on the disk; the oldest go first.'
  }),
  signatureKeys: setting('LRS_SIGNATURE_KEYS', {
    kind: path,
    default: undefined,
    description: 'PEM file with public keys that verify signed statements which bring no certificate.'
  })
}

export const identityGroup = {
  authFile: setting('AUTH_FILE', {
    kind: path,
    default: undefined,
    defaultText: 'auth.json in RALPH_APP_DIR',
    description: 'Users of the server, as `ralph auth` writes them.'
  }),
  cacheMaxSize: setting('AUTH_CACHE_MAX_SIZE', {
    kind: integer(0, 1_000_000),
    default: 10_000,
    description: 'Verified credentials that are remembered; 0: none, every request costs a bcrypt.'
  }),
  cacheTtl: setting('AUTH_CACHE_TTL', {
    kind: integer(0, 31_536_000),
    default: 3600,
    description: 'Seconds for which verified credentials are remembered.'
  }),
  allowDemoCredentials: setting('ALLOW_DEMO_CREDENTIALS', {
    kind: boolean,
    default: false,
    description: "Accept the tutorial's well-known user janedoe on addresses that others can reach, too."
  })
}

export const converterGroup = {
  uuidNamespace: setting('CONVERTER_EDX_XAPI_UUID_NAMESPACE', {
    kind: uuid,
    default: undefined,
    description:
      'UUID namespace of the ids that `ralph convert` gives: the same namespace and the same event, the same id.',
    flag: 'uuid-namespace',
    letter: 'u'
  })
}
