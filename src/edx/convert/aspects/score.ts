import type { Score } from '../../../xapi/statement.ts'

const clamped = (value: number): number => Math.min(1, Math.max(-1, value))

/**
 * Points and what was possible. Where nothing was possible, or more was earned, event-routing-backends gives bounds that
 * the specification does not allow (min below max, raw between them): there they are left out.
 */
export const scoreWithin = (raw: number | undefined, max: number | undefined): Score => {
  const scaled = raw === undefined || max === undefined ? undefined : max > 0 ? clamped(raw / max) : 0
  const fits = (max === undefined || max > 0) && (raw === undefined || (raw >= 0 && (max === undefined || raw <= max)))
  return {
    ...(fits ? { min: 0 } : undefined),
    ...(fits && max !== undefined ? { max } : undefined),
    ...(raw === undefined ? undefined : { raw }),
    ...(scaled === undefined ? undefined : { scaled })
  }
}
