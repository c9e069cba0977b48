import type { Metrics } from './metrics/metrics.ts'

/** What a running server tells of itself to programs. */
export interface Telemetry {
  /** Undefined: nothing is measured. */
  readonly metrics: Metrics | undefined
}
