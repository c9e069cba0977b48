import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { HiddenDescriptions } from './descriptions.ts'

/** How far a store is written, in memory: there is no other writer. */
export interface WriterProgress {
  /** Readers do not see rows of later batches. */
  visible: number
  /** What readers do not see of the descriptions either. */
  hidden: HiddenDescriptions | undefined
  /** The latest number that was used for a batch, finished or not. */
  tried: number
  /** The latest time that was given to a statement or promised. */
  last: Micros
  /** Whether any statement is voided, or is about to be. */
  hasVoided: boolean
  /** Statements of batches that are stored but not finished. */
  unfinished: readonly StatementId[]
  /** A batch failed, and it is not known whether it is stored. */
  isInDoubt: boolean
  /** The event table may lack statements that were stored since this time. Undefined: it has all. */
  eventsLacking: Micros | undefined
}
