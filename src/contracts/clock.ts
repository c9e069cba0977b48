import type { Micros } from '../xapi/timestamp.ts'

/** Wall-clock time in microseconds since 1970. It is a parameter, so that tests can set it. */
export type Clock = () => Micros
