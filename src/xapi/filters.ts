import type { StatementId } from './statement.ts'
import type { Micros } from './timestamp.ts'

/**
 * The conditions of GET /statements (Communication §2.1.3), in the form in which stores compare them. All given conditions must hold, on
 * the statement itself *or on the statement that it targets by a StatementRef as its Object*, recursively. It does not matter whether the
 * target is voided or which one was stored first. `authority`, `since` and `until` apply to the statement itself only.
 */
export interface StatementFilters {
  /** Identifier key (`identifierKey`): Actor or Object, members of Groups included. */
  readonly agent?: string
  /** Also finds Authority, Instructor, Team, contextAgents, contextGroups, and the same inside a SubStatement. */
  readonly relatedAgents?: boolean
  readonly verb?: string
  readonly activity?: string
  /** Also finds the four contextActivities, and the Object and contextActivities of a SubStatement. */
  readonly relatedActivities?: boolean
  /** Normalised UUID. */
  readonly registration?: string
  /** Identifier key of the Authority (`mine` of Python Ralph, scope statements/read/mine). */
  readonly authority?: string
  /** Exclusive. */
  readonly since?: Micros
  /** Inclusive. */
  readonly until?: Micros
}

/** Where a page ended: all sort keys of its last statement. */
export interface Position {
  readonly stored: Micros
  readonly id: StatementId
}

export interface StatementQuery extends StatementFilters {
  /** By `stored`. False: newest first. */
  readonly ascending: boolean
  /** At least 1. */
  readonly limit: number
  /** Continue after this statement. */
  readonly after?: Position
}

/**
 * The most bytes of the statements of a page; one statement may be longer. A page ends before it exceeds this, and the rest follows on the
 * next page. The server holds a page in memory while a slow client reads it.
 */
export const maxPageSize = 2 ** 21

/** How many statements of these lengths (bytes) fit on a page. At least one, unless the list is empty. */
export const fitting = (lengths: readonly number[]): number => {
  let size = 0
  const tooMany = lengths.findIndex((length, at) => {
    size += length
    return at > 0 && size > maxPageSize
  })
  return tooMany === -1 ? lengths.length : tooMany
}
