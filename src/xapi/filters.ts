import type { StatementId } from './statement.ts'
import type { Micros } from './timestamp.ts'

/**
 * The conditions of GET /statements (Communication §2.1.3), already in the form in which stores compare them.
 * All that are given must hold, each on the statement itself *or on the statement it targets by StatementRef as its
 * Object*, recursively, whether the target is voided or not and whichever was stored first. `authority`, `since` and
 * `until` are judged on the statement itself only.
 */
export interface StatementFilters {
  /** Identifier key (`identifierKey`): Actor or Object, members of Groups included. */
  readonly agent?: string
  /** Widens `agent` to Authority, Instructor, Team, contextAgents, contextGroups, and the same inside a SubStatement. */
  readonly relatedAgents?: boolean
  readonly verb?: string
  readonly activity?: string
  /** Widens `activity` to the four contextActivities, and to Object and contextActivities of a SubStatement. */
  readonly relatedActivities?: boolean
  /** Normalised UUID. */
  readonly registration?: string
  /** Identifier key of the Authority (Ralph's `mine`, scope statements/read/mine). */
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
  /** By `stored`; false: newest first. */
  readonly ascending: boolean
  /** At least 1. */
  readonly limit: number
  /** Go on after this statement. */
  readonly after?: Position
}

/**
 * A page ends early, with more to follow, before its texts together exceed this many bytes; a single statement may be
 * longer. It is held in memory as a whole: who reads slowly keeps no more than this.
 */
export const maxPageSize = 2 ** 21

/** How many statements of these lengths in bytes make a page: at least one, unless there is none. */
export const fitting = (lengths: readonly number[]): number => {
  let size = 0
  const tooMany = lengths.findIndex((length, at) => {
    size += length
    return at > 0 && size > maxPageSize
  })
  return tooMany === -1 ? lengths.length : tooMany
}
