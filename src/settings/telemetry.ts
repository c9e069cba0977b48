import { type HealthSettings, healthGroup } from './health.ts'
import { checkLogger, type LoggerSettings, loggerGroup } from './logger.ts'
import { type MetricsSettings, metricsGroup } from './metrics.ts'
import { createReader } from './read.ts'
import type { Sources } from './sources.ts'

/** What the server reports about itself, and to whom. */
export interface TelemetrySettings {
  readonly health: HealthSettings
  readonly logger: LoggerSettings
  readonly metrics: MetricsSettings
}

/** Throws `INVALID_SETTING` with all problems. */
export const loadTelemetry = (sources: Sources): TelemetrySettings => {
  const reader = createReader(sources)
  const health = reader.read(healthGroup)
  const logger = reader.read(loggerGroup)
  const metrics = reader.read(metricsGroup)
  checkLogger(logger, reader)
  reader.finish()
  return Object.freeze({ health, logger, metrics })
}
