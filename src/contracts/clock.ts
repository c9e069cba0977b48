import type { Micros } from '../xapi/timestamp.ts'

/** Wall-clock time in microseconds since 1970; a port, so that tests may set it. */
export type Clock = () => Micros
