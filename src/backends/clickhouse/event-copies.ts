import type { NewStatement } from '../../storage/batching/engine.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Appender } from './appender.ts'
import { completeEvents, eventRows } from './events.ts'
import type { ReadContext } from './look-up.ts'
import type { WriterProgress } from './progress.ts'

/** Copies statements to the event table, which other programs read. The copies decide nothing, so a batch does not fail with them. */
export interface EventCopies {
  /** Begins to copy these statements while the next batch is being written. Resolves when the copy of the batch before has ended. */
  begin(statements: readonly NewStatement[]): Promise<void>
  /** Resolves when the event table has everything that was stored, or is known to lack it. */
  ended(): Promise<void>
  /** The event table may lack statements that were stored since this time. */
  lack(since: Micros): void
  /** Copies what the event table lacks. */
  complete(): Promise<void>
}

export interface EventCopiesOptions {
  readonly context: ReadContext
  readonly eventTable: Appender
  /** Quoted, with its database. */
  readonly eventTableName: string
  readonly progress: WriterProgress
  /** Ids of statements that are in the event table already, because another program wrote them. */
  readonly adopted: ReadonlyMap<StatementId, true>
  warn(message: string): void
}

export const createEventCopies = (options: EventCopiesOptions): EventCopies => {
  const { context, eventTable, eventTableName, progress, adopted, warn } = options
  let copying: Promise<void> = Promise.resolve()

  const lack = (since: Micros): void => {
    progress.eventsLacking = Math.min(progress.eventsLacking ?? since, since)
  }

  return {
    begin: async (statements) => {
      // At most one batch waits with its texts in memory.
      await copying
      const copied = statements.filter(({ id }) => !adopted.has(id))
      copying = eventTable.append(eventRows(copied)).catch((error: unknown) => {
        // They are stored, and are copied before the next batch is written.
        lack(copied.reduce((first, { stored }) => Math.min(first, stored), progress.last))
        warn(
          `Statements could not be copied to ${eventTableName} yet: ${error instanceof Error ? error.message : error}`
        )
      })
    },
    // A promise that is added meanwhile belongs to a later batch.
    ended: () => copying,
    lack,
    complete: async () => {
      const { eventsLacking } = progress
      if (eventsLacking === undefined) return
      await copying
      await completeEvents(context, eventTableName, eventsLacking)
      progress.eventsLacking = undefined
    }
  }
}
