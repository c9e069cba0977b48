import { timeoutParameter } from '../../network/time-limit.ts'
import { parameter } from '../../settings/define.ts'
import { choice, integer, path, text } from '../../settings/kinds.ts'

export const postgresParameters = {
  connectionUri: parameter('CONNECTION_URI', {
    kind: text,
    default: undefined,
    description:
      'postgres://user:password@host:port/database?sslmode=…. Parts that it lacks come from the other settings.',
    secret: true,
    isAddress: true
  }),
  host: parameter('HOST', {
    kind: text,
    default: 'localhost',
    description: 'Host of the server, or the directory of its socket.'
  }),
  port: parameter('PORT', { kind: integer(1, 65_535), default: 5432, description: 'Port of the server.' }),
  database: parameter('DATABASE', {
    kind: text,
    default: undefined,
    defaultText: 'the name of the user',
    description: 'Name of the database.'
  }),
  user: parameter('USER', { kind: text, default: 'postgres', description: 'Name of the role that logs in.' }),
  password: parameter('PASSWORD', {
    kind: text,
    default: undefined,
    description: 'Password of the role.',
    secret: true
  }),
  sslMode: parameter('SSL_MODE', {
    kind: choice(['disable', 'require', 'verify-ca', 'verify-full']),
    default: 'disable',
    description:
      'Whether TLS is used and what is checked in the certificate of the server. The values are those of libpq.'
  }),
  sslRootCert: parameter('SSL_ROOT_CERT', {
    kind: path,
    default: undefined,
    defaultText: 'the certificates that Node trusts',
    description: 'File with the certificates of the authorities that may sign the certificate of the server.'
  }),
  schema: parameter('DEFAULT_SCHEMA', {
    kind: text,
    default: 'ralph',
    description: 'Schema of the tables. It is created if it is missing.'
  }),
  poolSize: parameter('POOL_SIZE', {
    kind: integer(2, 1000),
    default: 10,
    description: 'Largest number of open connections. One more is used to cancel queries that no client waits for.'
  }),
  timeout: timeoutParameter('PostgreSQL'),
  connectTimeout: parameter('CONNECT_TIMEOUT', {
    kind: integer(1, 3_600_000),
    default: undefined,
    defaultText: '5000, but at most TIMEOUT',
    description: 'Milliseconds to wait for a new or a free connection.'
  }),
  statementTimeout: parameter('STATEMENT_TIMEOUT', {
    kind: integer(100, 3_600_000),
    default: undefined,
    defaultText: 'TIMEOUT',
    description: 'Milliseconds after which the server cancels a single SQL statement.'
  }),
  writeDelay: parameter('WRITE_DELAY', {
    kind: integer(0, 10_000),
    default: 0,
    description:
      'Milliseconds that a write waits for others to share its transaction, if no other write is in progress.'
  })
}

const { writeDelay: _delay, ...shared } = postgresParameters

/** The settings for reading and writing records. */
export const postgresDataParameters = {
  ...shared,
  table: parameter('DEFAULT_TABLE', {
    kind: text,
    default: 'records',
    description: 'Table that is read and written when the command names no target. The first write creates it.'
  })
}
