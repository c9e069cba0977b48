import type { Score } from '../../xapi/statement.ts'

const clamped = (value: number): number => Math.min(1, Math.max(-1, value))

/**
 * A score of points; undefined when they cannot be one. Points outside of what is possible are kept without bounds:
 * the specification does not allow them within.
 */
export const scoreOf = (raw: number | undefined, max: number | undefined): Score | undefined => {
  if (raw === undefined) return undefined
  if (max === undefined || max <= 0) return { raw }
  const scaled = clamped(raw / max)
  return raw < 0 || raw > max ? { scaled, raw } : { scaled, raw, min: 0, max }
}

/** A score that is only known as a share of what was possible. */
export const shareOf = (share: number | undefined): Score | undefined =>
  share === undefined ? undefined : { scaled: clamped(share) }
