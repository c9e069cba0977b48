import pg from 'pg'
import { type ErrorCode, RalphError } from '../../errors.ts'
import { givenUp, unanswered } from '../../network/time-limit.ts'

/** The address and the role of a database, for messages. It has no password. */
export interface DatabaseAddress {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly schema: string
}

interface Meaning {
  readonly code: ErrorCode
  /** What is wrong and what to do, after "PostgreSQL at host:port". */
  say(place: DatabaseAddress): string
}

const retryAfter = 1

const unavailable = (say: (place: DatabaseAddress) => string): Meaning => ({ code: 'STORE_UNAVAILABLE', say })
const full = (say: (place: DatabaseAddress) => string): Meaning => ({ code: 'STORE_FULL', say })

const sayForbidden = ({ schema, user }: DatabaseAddress): string =>
  `denies a privilege to the role "${user}": GRANT USAGE ON SCHEMA "${schema}" TO "${user}"; ` +
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${user}"; ` +
  `GRANT USAGE ON ALL SEQUENCES IN SCHEMA "${schema}" TO "${user}"`

/** SQLSTATEs (appendix A of the PostgreSQL manual), or their classes. */
const meanings: { readonly [state: string]: Meaning } = {
  '08': unavailable(() => 'lost the connection'),
  '25006': full(() => 'is read-only: connect to the primary server, or make it writable again'),
  '28': unavailable(
    ({ user }) => `refuses the role "${user}": check USER, PASSWORD or CONNECTION_URI, and pg_hba.conf`
  ),
  '3D000': unavailable(
    ({ database, user }) => `has no database "${database}": CREATE DATABASE "${database}" OWNER "${user}"`
  ),
  '3F000': unavailable(
    ({ schema }) => `has lost the schema "${schema}": restore it, or start Ralph again to create a new one`
  ),
  '40001': unavailable(() => 'had two transactions in conflict: try again'),
  '40P01': unavailable(() => 'had two transactions in a deadlock: try again'),
  '42501': unavailable(sayForbidden),
  '42P01': unavailable(
    ({ schema }) => `has lost tables of the schema "${schema}": restore them, or start Ralph again to create new ones`
  ),
  '53': unavailable(() => 'has no connection or no memory left: raise max_connections, or lower POOL_SIZE'),
  '53100': full(() => 'has a full disk: free some space'),
  '55P03': unavailable(() => 'kept a transaction waiting for too long: another server or a person holds a lock'),
  '57': unavailable(() => 'is shutting down or starting'),
  '57014': unavailable(() => 'canceled a statement that took longer than STATEMENT_TIMEOUT'),
  '58': unavailable(() => 'cannot read or write its files: check its log'),
  '25P03': unavailable(() => 'ended a transaction that was left idle'),
  XX001: { code: 'STORE_CORRUPT', say: () => 'found damaged data: restore it from a backup' },
  XX002: { code: 'STORE_CORRUPT', say: () => 'found a damaged index: REINDEX it, or restore a backup' }
}

/** The SQLSTATE. Undefined: the error did not come from the server. */
export const stateOf = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined

const retriable = new Set(['40001', '40P01'])

/** Whether the server undid a transaction in favor of another one. The same transaction may succeed now. */
export const isRetriable = (error: unknown): boolean => retriable.has(stateOf(error) ?? '')

const lostStates = new Set(['57P01', '57P02', '57P03', '25P03'])

/** Whether the connection is unusable. Only an answer of the server to a statement leaves it usable. */
export const isLost = (error: unknown): boolean => {
  const state = stateOf(error)
  return state === undefined || state.startsWith('08') || lostStates.has(state)
}

/** Whether the driver gave up a statement or a new connection. It is known by the words of the driver. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof Error &&
  /^(?:Query read timeout|timeout expired|Connection terminated due to connection timeout)$/.test(error.message)

const isDefect = (error: unknown): boolean => error instanceof TypeError || error instanceof RangeError

/** The message of the driver, or of Node for a socket. */
const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  // Node tries every address of a name. Then the error has only a code and no message.
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}

/** Translates an error of the driver into a RalphError. Returns an error that is not about the database unchanged. */
export const translateError = (error: unknown, place: DatabaseAddress): unknown => {
  if (error instanceof RalphError || isDefect(error)) return error
  const who = `PostgreSQL at ${place.host}:${place.port}`
  const state = stateOf(error)
  if (isUnanswered(error)) {
    return new RalphError('STORE_UNAVAILABLE', `${who} ${unanswered}`, givenUp, { cause: error })
  }
  if (state === undefined) {
    const message = `${who} is unreachable: ${wordsOf(error)}`
    return new RalphError('STORE_UNAVAILABLE', message, { retryAfter }, { cause: error })
  }
  const meaning = meanings[state] ?? meanings[state.slice(0, 2)]
  if (meaning === undefined) {
    return new RalphError('INTERNAL', `${who} refused a statement: ${wordsOf(error)}`, { state }, { cause: error })
  }
  // The error stays until somebody changes the setting.
  const details = meaning.code === 'STORE_UNAVAILABLE' && !state.startsWith('28') ? { state, retryAfter } : { state }
  const message = `${who} ${meaning.say(place)} (${wordsOf(error)})`
  return new RalphError(meaning.code, message, details, { cause: error })
}

/** The error for missing privileges that were found before anything failed. */
export const forbidden = (place: DatabaseAddress, lacking: string): RalphError =>
  new RalphError('STORE_UNAVAILABLE', `PostgreSQL at ${place.host}:${place.port} ${sayForbidden(place)} (${lacking})`, {
    state: '42501'
  })
