import { type ErrorCode, RalphError } from '../../../errors.ts'
import { classOf, isAboutRecord, sqlClasses, sqlStates } from '../../../network/sql-states.ts'
import type { Database } from '../connect.ts'

/** SQLSTATEs, or their classes, that mean something else to a command than to our server. */
const codes: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  [sqlClasses.authorization, 'UNAUTHENTICATED'],
  [sqlStates.unknownDatabase, 'NOT_FOUND'],
  [sqlStates.forbidden, 'FORBIDDEN']
])

export const stateIn = (error: unknown): string =>
  error instanceof RalphError && typeof error.details.state === 'string' ? error.details.state : ''

/** Whether one of the records cannot be stored, because of its data or its nesting. */
export const isOfRecord = (error: unknown): boolean => isAboutRecord(stateIn(error))

const wordsOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message)

const asError = (error: unknown): unknown => {
  const state = stateIn(error)
  const code = codes.get(state) ?? codes.get(classOf(state))
  if (code === undefined || !(error instanceof RalphError)) return error
  return new RalphError(code, `PostgreSQL refuses the request: ${wordsOf(error)}`, { state }, { cause: error.cause })
}

/** The part of a database that a command uses. */
export type Asked = Pick<Database, 'place' | 'read' | 'write'>

/** The same database, with errors that are meant for a command. */
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
