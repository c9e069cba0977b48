import type { Score } from '../../xapi/statement.ts'
import type { Fault } from '../explain.ts'

/** `min` is less than `max`, and `raw` is between those of them that are present (Data §2.4.5.1). */
export const findScoreOutOfRange = ({ raw, min, max }: Score): Fault | undefined => {
  if (min !== undefined && max !== undefined && min >= max) {
    return { pointer: '/min', rule: 'scoreRange', expected: '`min` to be less than `max`' }
  }
  if (raw === undefined) return undefined
  if ((min === undefined || raw >= min) && (max === undefined || raw <= max)) return undefined
  return { pointer: '/raw', rule: 'scoreRange', expected: '`raw` to be within `min` and `max`' }
}
