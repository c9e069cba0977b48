import type { Clock } from '../../src/contracts/clock.ts'
import type { Micros } from '../../src/xapi/timestamp.ts'

/** The clock of the machine, as far off as a test wants it. */
export interface ShiftableClock {
  readonly now: Clock
  /** Negative: back. */
  shift(micros: Micros): void
}

export const aClock = (): ShiftableClock => {
  let offset = 0
  return {
    now: () => Math.floor((performance.timeOrigin + performance.now()) * 1000) + offset,
    shift: (micros) => {
      offset += micros
    }
  }
}
