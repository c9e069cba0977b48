import type { Micros } from '../../xapi/timestamp.ts'

/**
 * Batches later than `after`, up to `through`, of a writer that was taken for dead: they were not committed, and never
 * will be. What that writer had sent may arrive at any time later, from a network or a disk that was slow, or because it
 * lives and was only held up: nobody ever sees it.
 */
export interface Gap {
  readonly after: Micros
  readonly through: Micros
  /** Who was taken for dead. */
  readonly holder: string
}

/** How far a target is written: all batches up to `last` are whole, but for those that do not count. */
export interface Written {
  readonly last: Micros
  /** Oldest first. */
  readonly gaps: readonly Gap[]
}

export const isInGap = (time: Micros, { after, through }: Gap): boolean => time > after && time <= through

/** Whether what a batch has changed counts. */
export const isWritten = (time: Micros, { last, gaps }: Written): boolean =>
  time <= last && !gaps.some((gap) => isInGap(time, gap))

/** Microseconds after which nothing arrives any more from a writer that was taken for dead. */
const longestWay = 3_600_000_000

/** More than these are not carried along: every search is told of them. */
const mostGaps = 16

/** Gaps that need not be known any longer, once what is in them was taken back. */
export const oldGaps = ({ gaps }: Written, now: Micros): readonly Gap[] =>
  gaps.filter(({ through }, at) => now - through > longestWay || at < gaps.length - mostGaps)
