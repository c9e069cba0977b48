import type { StatementQuery } from '../../xapi/filters.ts'
import type { QueryParameters } from './connect.ts'
import { bytesOfId } from './keys.ts'

/** The requested part of a sorted list, as SQL on `stored` and `id`. */
export interface RangeCondition {
  readonly conditions: string
  readonly parameters: QueryParameters
  readonly direction: 'ASC' | 'DESC'
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export const rangeOf = ({ ascending, since, until, after }: StatementQuery): RangeCondition => {
  const conditions: string[] = []
  const parameters: Record<string, string | number> = {}
  if (since !== undefined) {
    conditions.push('stored > {since:Int64}')
    parameters.since = since
  }
  if (until !== undefined) {
    conditions.push('stored <= {until:Int64}')
    parameters.until = until
  }
  if (after !== undefined) {
    const [than, orEqual] = ascending ? ['>', '>='] : ['<', '<=']
    // The first condition finds the position in the list.
    conditions.push(
      `stored ${orEqual} {after:Int64} AND (stored ${than} {after:Int64} OR id ${than} toFixedString(unhex({afterId:String}), 16))`
    )
    parameters.after = after.stored
    parameters.afterId = hex(bytesOfId(after.id))
  }
  return {
    conditions: conditions.map((condition) => ` AND ${condition}`).join(''),
    parameters,
    direction: ascending ? 'ASC' : 'DESC'
  }
}
