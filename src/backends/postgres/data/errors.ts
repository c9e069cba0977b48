import { type ErrorCode, RalphError } from '../../../errors.ts'
import type { Database } from '../connect.ts'

/** SQLSTATE, in full or its class, of what means something else to a command than to a server of ours. */
const codes: ReadonlyMap<string, ErrorCode> = new Map([
  ['28', 'UNAUTHENTICATED'],
  ['3D000', 'NOT_FOUND'],
  ['42501', 'FORBIDDEN']
])

export const stateIn = (error: unknown): string =>
  error instanceof RalphError && typeof error.details.state === 'string' ? error.details.state : ''

/** Whether one of the records cannot be stored: its data, or how deep it is nested. */
export const isOfRecord = (error: unknown): boolean => /^(?:22|54)/.test(stateIn(error))

const wordsOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message)

const asError = (error: unknown): unknown => {
  const state = stateIn(error)
  const code = codes.get(state) ?? codes.get(state.slice(0, 2))
  if (code === undefined || !(error instanceof RalphError)) return error
  return new RalphError(code, `PostgreSQL refuses that: ${wordsOf(error)}`, { state }, { cause: error.cause })
}

/** A database that a command asks. */
export type Asked = Pick<Database, 'place' | 'read' | 'write'>

/** The same database, whose errors say what they mean to a command. */
export const asked = (database: Database): Asked => ({
  place: database.place,
  read: (query, options) =>
    database.read(query, options).catch((error: unknown) => {
      throw asError(error)
    }),
  write: (query) =>
    database.write(query).catch((error: unknown) => {
      throw asError(error)
    })
})
