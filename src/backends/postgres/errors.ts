import pg from 'pg'
import { type ErrorCode, RalphError } from '../../errors.ts'
import { classOf, isConnectionLost, sqlClasses, sqlStates } from '../../network/sql-states.ts'
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

/** What a SQLSTATE, or a class of them, means to the operator. */
const meanings: { readonly [state: string]: Meaning } = {
  [sqlClasses.connection]: unavailable(() => 'lost the connection'),
  [sqlStates.readOnly]: full(() => 'is read-only: connect to the primary server, or make it writable again'),
  [sqlClasses.authorization]: unavailable(
    ({ user }) => `refuses the role "${user}": check USER, PASSWORD or CONNECTION_URI, and pg_hba.conf`
  ),
  [sqlStates.unknownDatabase]: unavailable(
    ({ database, user }) => `has no database "${database}": CREATE DATABASE "${database}" OWNER "${user}"`
  ),
  [sqlStates.unknownSchema]: unavailable(
    ({ schema }) => `has lost the schema "${schema}": restore it, or start Ralph again to create a new one`
  ),
  [sqlStates.serializationFailure]: unavailable(() => 'had two transactions in conflict: try again'),
  [sqlStates.deadlock]: unavailable(() => 'had two transactions in a deadlock: try again'),
  [sqlStates.forbidden]: unavailable(sayForbidden),
  [sqlStates.unknownTable]: unavailable(
    ({ schema }) => `has lost tables of the schema "${schema}": restore them, or start Ralph again to create new ones`
  ),
  [sqlClasses.resources]: unavailable(
    () => 'has no connection or no memory left: raise max_connections, or lower POOL_SIZE'
  ),
  [sqlStates.diskFull]: full(() => 'has a full disk: free some space'),
  [sqlStates.lockNotAvailable]: unavailable(
    () => 'kept a transaction waiting for too long: another server or a person holds a lock'
  ),
  [sqlClasses.intervention]: unavailable(() => 'is shutting down or starting'),
  [sqlStates.queryCanceled]: unavailable(() => 'canceled a statement that took longer than STATEMENT_TIMEOUT'),
  [sqlClasses.system]: unavailable(() => 'cannot read or write its files: check its log'),
  [sqlStates.idleTransactionEnded]: unavailable(() => 'ended a transaction that was left idle'),
  [sqlStates.damagedData]: { code: 'STORE_CORRUPT', say: () => 'found damaged data: restore it from a backup' },
  [sqlStates.damagedIndex]: {
    code: 'STORE_CORRUPT',
    say: () => 'found a damaged index: REINDEX it, or restore a backup'
  }
}

/** The SQLSTATE. Undefined: the error did not come from the server. */
export const stateOf = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined

/** Whether the connection is unusable. Only an answer of the server to a statement leaves it usable. */
export const isLost = (error: unknown): boolean => {
  const state = stateOf(error)
  return state === undefined || isConnectionLost(state)
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
  const meaning = meanings[state] ?? meanings[classOf(state)]
  if (meaning === undefined) {
    return new RalphError('INTERNAL', `${who} refused a statement: ${wordsOf(error)}`, { state }, { cause: error })
  }
  // The error stays until somebody changes the setting.
  const details =
    meaning.code === 'STORE_UNAVAILABLE' && classOf(state) !== sqlClasses.authorization
      ? { state, retryAfter }
      : { state }
  const message = `${who} ${meaning.say(place)} (${wordsOf(error)})`
  return new RalphError(meaning.code, message, details, { cause: error })
}

/** The error for missing privileges that were found before anything failed. */
export const forbidden = (place: DatabaseAddress, lacking: string): RalphError =>
  new RalphError('STORE_UNAVAILABLE', `PostgreSQL at ${place.host}:${place.port} ${sayForbidden(place)} (${lacking})`, {
    state: sqlStates.forbidden
  })
