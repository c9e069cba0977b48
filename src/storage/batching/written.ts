import type { Micros } from '../../xapi/timestamp.ts'

/**
 * Batches later than `after`, up to `through`, of a writer that was taken for dead. They were not and will not be committed. What that
 * writer sent may still arrive, because a network or a disk was slow, or because the writer lives. No reader ever sees it.
 */
export interface Gap {
  readonly after: Micros
  readonly through: Micros
  /** The writer that was taken for dead. */
  readonly holder: string
}

/** Up to when a target is written: all batches up to `last` are complete, except those that do not count. */
export interface Written {
  readonly last: Micros
  /** Oldest first. */
  readonly gaps: readonly Gap[]
}

export const isInGap = (time: Micros, { after, through }: Gap): boolean => time > after && time <= through

/** Whether a batch of this time counts. */
export const isWritten = (time: Micros, { last, gaps }: Written): boolean =>
  time <= last && !gaps.some((gap) => isInGap(time, gap))

/** Microseconds. After this time nothing arrives any more from a writer that was taken for dead. */
const longestWay = 3_600_000_000

/** The most gaps in the record, because every search receives them. */
const mostGaps = 16

/** Gaps that can be forgotten after all that is in them was taken back. */
export const oldGaps = ({ gaps }: Written, now: Micros): readonly Gap[] =>
  gaps.filter(({ through }, at) => now - through > longestWay || at < gaps.length - mostGaps)
