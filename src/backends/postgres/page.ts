import type { StatementPage } from '../../contracts/statement-store.ts'
import { maxPageSize, type Position, type StatementQuery } from '../../xapi/filters.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { greatestId, isNormalId, leastId, listOf } from './keys.ts'
import { prepare } from './query-text.ts'

/** `text` is null where the page has ended, by its limit or by its size. */
export type PageRow = readonly [stored: Micros, id: StatementId, text: string | null]

/** Later than every time that a store accepts. */
const endOfTime: Micros = Number.MAX_SAFE_INTEGER

/**
 * The requested part of the order (stored, id), in the direction of the query. Oldest first: it begins after `start` and includes
 * everything that is stored at `end`. Newest first: it lies before `start` and excludes `end`.
 */
export interface PositionRange {
  readonly ascending: boolean
  readonly start: Position
  readonly end: Micros
}

/** The id of `after` may be any text from a cursor. If it is not a normal id, the position before it counts. */
const positionOf = ({ stored, id }: Position, ascending: boolean): Position => ({
  stored,
  id: isNormalId(id) ? id : ascending ? leastId : greatestId
})

export const rangeOf = ({ ascending, since, until, after }: StatementQuery): PositionRange => {
  const oldest = since ?? -1
  const newest = Math.min(until ?? endOfTime - 1, endOfTime - 1)
  const position = after && positionOf(after, ascending)
  if (ascending) {
    const start = position && position.stored > oldest ? position : { stored: oldest, id: greatestId }
    return { ascending, start, end: newest }
  }
  const start = position && position.stored <= newest ? position : { stored: newest + 1, id: leastId }
  return { ascending, start, end: oldest }
}

export const inRange = (
  table: string,
  ascending: boolean,
  [stored, id, end]: readonly [string, string, string]
): string =>
  ascending
    ? `(${table}.stored, ${table}.id) > (${stored}, ${id}) AND ${table}.stored <= ${end}`
    : `(${table}.stored, ${table}.id) < (${stored}, ${id}) AND ${table}.stored > ${end}`

export const inOrder = (table: string, ascending: boolean): string =>
  `ORDER BY ${table}.stored${ascending ? '' : ' DESC'}, ${table}.id${ascending ? '' : ' DESC'}`

/**
 * Chooses the page among the found statements, which are one more than wanted. The length of a text is known without reading it, so a text
 * beyond the size of the page is not read.
 */
export const pageOf = (found: string, ascending: boolean, limit: string): string => `
  SELECT stored, id, CASE WHEN place <= ${limit}::bigint AND (place = 1 OR size <= ${maxPageSize}) THEN text END
  FROM (
    SELECT stored, id, text, row_number() OVER page AS place, sum(octet_length(text)) OVER page AS size
    FROM (${found}) AS found
    WINDOW page AS (${inOrder('found', ascending)} ROWS UNBOUNDED PRECEDING)
  ) AS page ${inOrder('page', ascending)}`

/** The existing statements with these ids. Each is looked up in the index, whatever the planner thinks of their number. */
const withIds = prepare<PageRow>(
  'with_ids',
  pageOf(
    `SELECT stored, id, text FROM (SELECT DISTINCT unnest($2::uuid[]) AS wanted) AS ids CROSS JOIN LATERAL
       (SELECT stored, id, text FROM statement WHERE target = $1 AND statement.id = wanted OFFSET 0) AS statement`,
    true,
    '$3'
  )
)

export const findAll = (target: number, ids: readonly StatementId[]) => {
  const normal = ids.filter(isNormalId)
  return withIds(target, listOf(normal), normal.length)
}

export const pageFrom = (rows: readonly PageRow[]): StatementPage => {
  const statements: { id: StatementId; stored: Micros; text: string }[] = []
  for (const [stored, id, text] of rows) {
    if (text === null) return { statements, more: true }
    statements.push({ id, stored, text })
  }
  return { statements, more: false }
}
