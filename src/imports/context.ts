import type { Clock } from '../contracts/clock.ts'
import type { ImportHandler } from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import type { ImportSettings } from '../settings/settings.ts'
import type { ImportRecords } from './records/records.ts'
import type { Staging } from './staging.ts'

/** What imports are made of in this process. */
export interface ImportsContext {
  readonly settings: ImportSettings
  readonly records: ImportRecords
  readonly staging: Staging
  /** The destinations that this process delivers to. */
  readonly handlers: readonly ImportHandler[]
  readonly clock: Clock
  readonly log: Log
}
