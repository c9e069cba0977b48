import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { RalphError } from '../../errors.ts'
import { defaultTimeout } from '../../network/time-limit.ts'

export const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof sslModes)[number]

/** See `settings.ts`. Times are in milliseconds. */
export interface PostgresOptions {
  readonly connectionUri?: string | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly database?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly sslMode?: SslMode | undefined
  readonly sslRootCert?: string | undefined
  readonly schema?: string | undefined
  readonly poolSize?: number | undefined
  readonly timeout?: number | undefined
  readonly connectTimeout?: number | undefined
  readonly statementTimeout?: number | undefined
  readonly writeDelay?: number | undefined
  /** A list with at least this many statements is read side by side with others. A shorter one is read row by row. */
  readonly longList?: number | undefined
}

/** Everything that is needed to connect. Nothing is read from the environment of the process. */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  readonly ssl: ConnectionOptions | false
  readonly schema: string
  readonly poolSize: number
  /** Milliseconds that a statement may take without an answer. */
  readonly timeout: number
  readonly connectTimeout: number
  readonly statementTimeout: number
  readonly writeDelay: number
}

const invalid = (problem: string): RalphError =>
  new RalphError('INVALID_SETTING', `RALPH_BACKENDS__LRS__POSTGRES__${problem}`)

interface UriParts {
  readonly host?: string
  readonly port?: number
  readonly database?: string
  readonly user?: string
  readonly password?: string
  readonly sslMode?: SslMode
  readonly sslRootCert?: string
}

const expectedUri =
  'CONNECTION_URI is invalid, expected postgres://user:password@host:port/database, with sslmode and sslrootcert as its only parameters'

const readUri = (uri: string): UriParts => {
  const url = URL.canParse(uri) ? new URL(uri) : undefined
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) throw invalid(expectedUri)
  const { sslmode, sslrootcert, host: socket, ...others } = Object.fromEntries(url.searchParams)
  const sslMode = sslModes.find((mode) => mode === sslmode)
  if (Object.keys(others).length > 0 || (sslmode !== undefined && sslMode === undefined)) throw invalid(expectedUri)
  try {
    const host = socket ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1')
    const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
    const database = decodeURIComponent(url.pathname.slice(1))
    return {
      ...(host === '' ? {} : { host }),
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      ...(database === '' ? {} : { database }),
      ...(user === '' ? {} : { user }),
      ...(password === '' ? {} : { password }),
      ...(sslMode === undefined ? {} : { sslMode }),
      ...(sslrootcert === undefined ? {} : { sslRootCert: sslrootcert })
    }
  } catch {
    // decodeURIComponent fails on a lone %.
    throw invalid(expectedUri)
  }
}

const readCertificates = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw invalid(`SSL_ROOT_CERT is ${JSON.stringify(file)}, which cannot be read: ${cause}`)
  }
}

/** The meaning of libpq: `require` encrypts but accepts any server, and `verify-ca` does not check the host name. */
const tlsOf = (mode: SslMode, file: string | undefined): ConnectionOptions | false => {
  if (mode === 'disable') return false
  const certificates = file === undefined ? {} : { ca: readCertificates(file) }
  if (mode === 'require') return { rejectUnauthorized: false }
  return mode === 'verify-ca' ? { ...certificates, checkServerIdentity: () => undefined } : certificates
}

/** Throws `INVALID_SETTING` for values that make no sense. */
export const settingsOf = (options: PostgresOptions): Settings => {
  const uri = options.connectionUri === undefined ? {} : readUri(options.connectionUri)
  const { timeout = defaultTimeout } = options
  const user = uri.user ?? options.user ?? 'postgres'
  const schema = options.schema ?? 'ralph'
  // PostgreSQL silently cuts off longer names, and reserves names that begin with "pg_".
  if (Buffer.byteLength(schema) > 63 || schema === '' || schema.includes('\0') || schema.startsWith('pg_')) {
    throw invalid(`DEFAULT_SCHEMA is ${JSON.stringify(schema)}, expected 1 to 63 bytes that do not begin with pg_`)
  }
  return {
    host: uri.host ?? options.host ?? 'localhost',
    port: uri.port ?? options.port ?? 5432,
    database: uri.database ?? options.database ?? user,
    user,
    password: uri.password ?? options.password,
    ssl: tlsOf(uri.sslMode ?? options.sslMode ?? 'disable', uri.sslRootCert ?? options.sslRootCert),
    schema,
    poolSize: options.poolSize ?? 10,
    connectTimeout: options.connectTimeout ?? Math.min(5000, timeout),
    statementTimeout: options.statementTimeout ?? timeout,
    timeout,
    writeDelay: options.writeDelay ?? 0
  }
}

/** The form of SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
