import { timeoutParameter } from '../../network/time-limit.ts'
import { parameter } from '../../settings/define.ts'
import { choice, integer, path, text } from '../../settings/kinds.ts'

export const postgresParameters = {
  connectionUri: parameter('CONNECTION_URI', {
    kind: text,
    default: undefined,
    description:
      'postgres://user:password@host:port/database?sslmode=…: all in one; what it does not say is taken from the others.',
    secret: true
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
    description: 'TLS, and how much of the certificate of the server must be right, as libpq has it.'
  }),
  sslRootCert: parameter('SSL_ROOT_CERT', {
    kind: path,
    default: undefined,
    defaultText: 'those that Node trusts',
    description: 'File with the certificates that the server may be signed with.'
  }),
  schema: parameter('DEFAULT_SCHEMA', {
    kind: text,
    default: 'ralph',
    description: 'Schema of the tables, made if it is missing.'
  }),
  poolSize: parameter('POOL_SIZE', {
    kind: integer(2, 1000),
    default: 10,
    description: 'Connections that are open at most; one more is used to stop what nobody waits for.'
  }),
  timeout: timeoutParameter('PostgreSQL'),
  connectTimeout: parameter('CONNECT_TIMEOUT', {
    kind: integer(1, 3_600_000),
    default: undefined,
    defaultText: '5000, and no more than TIMEOUT',
    description: 'Milliseconds for which a connection, new or free, is waited for.'
  }),
  statementTimeout: parameter('STATEMENT_TIMEOUT', {
    kind: integer(100, 3_600_000),
    default: undefined,
    defaultText: 'TIMEOUT',
    description: 'Milliseconds after which the server gives up a single SQL statement.'
  }),
  writeDelay: parameter('WRITE_DELAY', {
    kind: integer(0, 10_000),
    default: 0,
    description: 'Milliseconds for which a write waits for others to share its transaction, when none is under way.'
  })
}

const { writeDelay: _delay, ...shared } = postgresParameters

/** In the role of a place to read from and to write to. */
export const postgresDataParameters = {
  ...shared,
  table: parameter('DEFAULT_TABLE', {
    kind: text,
    default: 'records',
    description: 'Table that is read and written when the command names no target; made when something is written.'
  })
}
