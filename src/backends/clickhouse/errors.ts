import { ClickHouseError } from '@clickhouse/client'
import { type ErrorCode, RalphError } from '../../errors.ts'
import { givenUp, unanswered } from '../../network/time-limit.ts'
import { quoted } from './names.ts'

/** What it says of who asks, until somebody changes the setting. */
const refusals: ReadonlySet<string> = new Set(['192', '193', '194', '516'])

export const refusedUser = 'it refuses the user or the password: check USERNAME and PASSWORD'

/** Errors of the server by number (ErrorCodes.cpp), where the operator or the client can do something about them. */
const codes: { readonly [number: string]: { readonly code: ErrorCode; readonly advice: string } } = {
  // Storage.
  75: { code: 'STORE_FULL', advice: 'it cannot write its files: check its disk' },
  76: { code: 'STORE_FULL', advice: 'it cannot open its files: check its disk' },
  164: { code: 'STORE_FULL', advice: 'it is read-only, or its user may only read' },
  242: { code: 'STORE_FULL', advice: 'the table is read-only' },
  243: { code: 'STORE_FULL', advice: 'its disk is full: free some space' },
  // Load.
  159: { code: 'STORE_UNAVAILABLE', advice: 'the query took too long' },
  202: { code: 'STORE_UNAVAILABLE', advice: 'it has too many queries to run' },
  241: { code: 'STORE_UNAVAILABLE', advice: 'it has no memory left for the query' },
  252: { code: 'STORE_UNAVAILABLE', advice: 'it is behind with merging what was inserted' },
  394: { code: 'STORE_UNAVAILABLE', advice: 'the query was stopped' },
  // What was there at the start, and no more.
  60: { code: 'STORE_UNAVAILABLE', advice: 'a table was dropped: make it again and start Ralph anew' },
  81: { code: 'STORE_UNAVAILABLE', advice: 'the database was dropped: make it again and start Ralph anew' },
  497: { code: 'STORE_UNAVAILABLE', advice: 'the rights of its user do not suffice' },
  192: { code: 'STORE_UNAVAILABLE', advice: refusedUser },
  193: { code: 'STORE_UNAVAILABLE', advice: refusedUser },
  194: { code: 'STORE_UNAVAILABLE', advice: refusedUser },
  516: { code: 'STORE_UNAVAILABLE', advice: refusedUser }
}

/** Whether the server said this; `code` is a number of its table of errors. */
export const isServerError = (error: unknown, code: number): boolean =>
  error instanceof ClickHouseError && Number(error.code) === code

/** That the server has no such database, and how to make it. */
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

/** Says in Ralph's terms why a request failed. `url` tells the operator which server is meant. */
export const translateError = (error: unknown, url: string): RalphError => {
  if (error instanceof RalphError) return error
  const message = error instanceof Error ? error.message.trim() : String(error)
  if (error instanceof ClickHouseError) {
    const known = codes[error.code]
    const said = { clickhouse: `${error.code} ${error.type ?? ''}`.trim() }
    const details = refusals.has(error.code) ? said : { ...said, retryAfter: 1 }
    // Where it has advice of its own, it is for the machine that ClickHouse is on.
    const why = known === undefined ? message : `${known.advice} (${message.split('\n')[0]})`
    return new RalphError(known?.code ?? 'STORE_UNAVAILABLE', `ClickHouse at ${url}: ${why}`, details, { cause: error })
  }
  // As the driver words it.
  if (message === 'Timeout error.') return unansweredBy(url, error)
  const away = `ClickHouse at ${url} is unreachable: ${message}`
  return new RalphError('STORE_UNAVAILABLE', away, { retryAfter: 1 }, { cause: error })
}
