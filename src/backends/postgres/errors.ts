import pg from 'pg'
import { type ErrorCode, RalphError } from '../../errors.ts'
import { givenUp, unanswered } from '../../network/time-limit.ts'

/** Where a database is and who asks it, for messages: no password. */
export interface DatabaseAddress {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly schema: string
}

interface Meaning {
  readonly code: ErrorCode
  /** What is wrong, after "PostgreSQL at host:port", and what to do. */
  say(place: DatabaseAddress): string
}

const retryAfter = 1

const unavailable = (say: (place: DatabaseAddress) => string): Meaning => ({ code: 'STORE_UNAVAILABLE', say })
const full = (say: (place: DatabaseAddress) => string): Meaning => ({ code: 'STORE_FULL', say })

const sayForbidden = ({ schema, user }: DatabaseAddress): string =>
  `forbids something to the role "${user}": GRANT USAGE ON SCHEMA "${schema}" TO "${user}"; ` +
  `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${user}"; ` +
  `GRANT USAGE ON ALL SEQUENCES IN SCHEMA "${schema}" TO "${user}"`

/** SQLSTATE (appendix A of PostgreSQL's manual), in full or its class. */
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
    ({ schema }) => `has lost the schema "${schema}": restore it, or start Ralph again to make a new one`
  ),
  '40001': unavailable(() => 'had two transactions that could not both be: try again'),
  '40P01': unavailable(() => 'had two transactions that waited for each other: try again'),
  '42501': unavailable(sayForbidden),
  '42P01': unavailable(
    ({ schema }) => `has lost tables of the schema "${schema}": restore them, or start Ralph again to make new ones`
  ),
  '53': unavailable(() => 'has no connection or no memory left: raise max_connections, or lower POOL_SIZE'),
  '53100': full(() => 'has no room left on its disk: free some space'),
  '55P03': unavailable(() => 'kept a transaction waiting for too long: another server, or a person, holds a lock'),
  '57': unavailable(() => 'is shutting down or starting'),
  '57014': unavailable(() => 'gave up a statement that took longer than STATEMENT_TIMEOUT'),
  '58': unavailable(() => 'cannot read or write its files: look into its log'),
  '25P03': unavailable(() => 'ended a transaction that was left idle'),
  XX001: { code: 'STORE_CORRUPT', say: () => 'found damaged data: restore it from a backup' },
  XX002: { code: 'STORE_CORRUPT', say: () => 'found a damaged index: REINDEX it, or restore a backup' }
}

/** SQLSTATE; undefined: the server did not say this. */
export const stateOf = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined

const retriable = new Set(['40001', '40P01'])

/** Whether the server undid a transaction for another's sake: the same may succeed now. */
export const isRetriable = (error: unknown): boolean => retriable.has(stateOf(error) ?? '')

const lostStates = new Set(['57P01', '57P02', '57P03', '25P03'])

/** Whether the connection is of no more use, or never was: anything but an answer of the server to a statement. */
export const isLost = (error: unknown): boolean => {
  const state = stateOf(error)
  return state === undefined || state.startsWith('08') || lostStates.has(state)
}

/** Whether the driver gave up a statement, or a connection that was begun: as it words it. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof Error &&
  /^(?:Query read timeout|timeout expired|Connection terminated due to connection timeout)$/.test(error.message)

const isDefect = (error: unknown): boolean => error instanceof TypeError || error instanceof RangeError

/** What the driver says of itself, or Node of a socket. */
const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  // Node tries every address of a name, and then has nothing to say but a code.
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}

/** Says in Ralph's terms what the driver threw. What is not about the database is returned as it is. */
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
  // Who is refused will be so again until somebody changes the setting.
  const details = meaning.code === 'STORE_UNAVAILABLE' && !state.startsWith('28') ? { state, retryAfter } : { state }
  const message = `${who} ${meaning.say(place)} (${wordsOf(error)})`
  return new RalphError(meaning.code, message, details, { cause: error })
}

/** That the role lacks privileges, found out before anything failed. */
export const forbidden = (place: DatabaseAddress, lacking: string): RalphError =>
  new RalphError('STORE_UNAVAILABLE', `PostgreSQL at ${place.host}:${place.port} ${sayForbidden(place)} (${lacking})`, {
    state: '42501'
  })
