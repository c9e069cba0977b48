import { ClickHouseError } from '@clickhouse/client'
import { type ErrorCode, RalphError } from '../../errors.ts'
import { givenUp, unanswered } from '../../network/time-limit.ts'
import { quoted } from './names.ts'

/** The refusals of a user, which stay until somebody changes the setting. */
const refusals: ReadonlySet<string> = new Set(['192', '193', '194', '516'])

export const refusedUser = 'it refuses the user or the password: check USERNAME and PASSWORD'

/** Errors of the server by number (ErrorCodes.cpp) that the operator or the client can do something about. */
const codes: { readonly [number: string]: { readonly code: ErrorCode; readonly advice: string } } = {
  // Storage.
  75: { code: 'STORE_FULL', advice: 'it cannot write its files: check its disk' },
  76: { code: 'STORE_FULL', advice: 'it cannot open its files: check its disk' },
  164: { code: 'STORE_FULL', advice: 'it is read-only, or its user has only read access' },
  242: { code: 'STORE_FULL', advice: 'the table is read-only' },
  243: { code: 'STORE_FULL', advice: 'its disk is full: free some space' },
  // Load.
  159: { code: 'STORE_UNAVAILABLE', advice: 'the query took too long' },
  202: { code: 'STORE_UNAVAILABLE', advice: 'it has too many queries to run' },
  241: { code: 'STORE_UNAVAILABLE', advice: 'it has no memory left for the query' },
  252: { code: 'STORE_UNAVAILABLE', advice: 'it has too many parts to merge' },
  394: { code: 'STORE_UNAVAILABLE', advice: 'the query was stopped' },
  // Things that existed at the start and do not exist any more.
  60: { code: 'STORE_UNAVAILABLE', advice: 'a table was dropped: create it again and restart Ralph' },
  81: { code: 'STORE_UNAVAILABLE', advice: 'the database was dropped: create it again and restart Ralph' },
  497: { code: 'STORE_UNAVAILABLE', advice: 'its user lacks a privilege' },
  192: { code: 'STORE_UNAVAILABLE', advice: refusedUser },
  193: { code: 'STORE_UNAVAILABLE', advice: refusedUser },
  194: { code: 'STORE_UNAVAILABLE', advice: refusedUser },
  516: { code: 'STORE_UNAVAILABLE', advice: refusedUser }
}

/** Whether the server sent this error. `code` is a number of its table of errors. */
export const isServerError = (error: unknown, code: number): boolean =>
  error instanceof ClickHouseError && Number(error.code) === code

/** The error for a missing database, with the command that creates it. */
export const noDatabase = (url: string, database: string, cause: unknown): RalphError =>
  new RalphError(
    'STORE_UNAVAILABLE',
    `ClickHouse at ${url} has no database ${database}. Make it with:\nCREATE DATABASE ${quoted(database)}`,
    { database },
    { cause: cause instanceof RalphError ? cause.cause : cause }
  )

/** UNKNOWN_DATABASE */
export const isNoDatabase = (error: unknown): boolean => error instanceof Error && isServerError(error.cause, 81)

export const unansweredBy = (url: string, cause: unknown): RalphError =>
  new RalphError('STORE_UNAVAILABLE', `ClickHouse at ${url} ${unanswered}`, givenUp, { cause })

/** Translates the failure of a request into a RalphError. `url` names the server for the operator. */
export const translateError = (error: unknown, url: string): RalphError => {
  if (error instanceof RalphError) return error
  const message = error instanceof Error ? error.message.trim() : String(error)
  if (error instanceof ClickHouseError) {
    const known = codes[error.code]
    const said = { clickhouse: `${error.code} ${error.type ?? ''}`.trim() }
    const details = refusals.has(error.code) ? said : { ...said, retryAfter: 1 }
    // If there is advice here, it wins. The advice of the server is for the machine of ClickHouse.
    const why = known === undefined ? message : `${known.advice} (${message.split('\n')[0]})`
    return new RalphError(known?.code ?? 'STORE_UNAVAILABLE', `ClickHouse at ${url}: ${why}`, details, { cause: error })
  }
  // The words of the driver.
  if (message === 'Timeout error.') return unansweredBy(url, error)
  const away = `ClickHouse at ${url} is unreachable: ${message}`
  return new RalphError('STORE_UNAVAILABLE', away, { retryAfter: 1 }, { cause: error })
}
