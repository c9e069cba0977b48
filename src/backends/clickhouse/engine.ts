import type { Descriptions } from '../../contracts/statement-store.ts'
import type {
  BatchEngine,
  ChangedStatement,
  NewStatement,
  WriteBatch,
  WriteSession
} from '../../storage/batching/engine.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Appender } from './appender.ts'
import { attachmentRows } from './attachments.ts'
import { changeRows, entryRows, lateEntryRows, statementRows } from './batch-rows.ts'
import { describe, descriptionRows, type HiddenDescriptions, hiddenDescriptions } from './descriptions.ts'
import { completeEvents, eventRows } from './events.ts'
import { bytesOfId, idLength, keyLength, keyOfToken } from './keys.ts'
import { lookUp, type ReadContext } from './look-up.ts'
import { recover } from './recover.ts'
import { createRowWriter } from './row-binary.ts'
import type { KnownIds } from './seen-ids.ts'
import type { Writer } from './writer.ts'

/** The inserts of all batches of a database. */
export interface Appenders {
  readonly statement: Appender
  readonly entry: Appender
  readonly change: Appender
  readonly description: Appender
  readonly attachment: Appender
  readonly document: Appender
}

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

export interface EngineOptions {
  readonly context: ReadContext
  readonly eventTable: Appender
  /** Quoted, with its database. */
  readonly eventTableName: string
  readonly appenders: Appenders
  readonly writer: Writer
  readonly progress: WriterProgress
  readonly known: KnownIds
  /** Ids of statements that are in the event table already, because another program wrote them. */
  readonly adopted: ReadonlyMap<StatementId, true>
  warn(message: string): void
}

/** Bytes of text above which the tables are written one after the other, because memory then counts more than time. */
const largeRound = 2 ** 23

/** Microseconds. After a restart, the engine may have lost rows of an event table that were written this long before the last batch. */
export const unsafeTime = 600_000_000

export interface Engine extends BatchEngine {
  /** Resolves when the event table has everything that was stored, or is known to lack it. */
  eventsCopied(): Promise<void>
}

/**
 * A batch is a few inserts, and each of them is one block of one table. The insert of the statements decides: before it, nothing of the
 * batch counts, and after it, everything else can be made from them. Then follow the changes of older statements and the copy in the event
 * table. Readers see the batch only when all of it is stored (`visible`).
 */
export const createEngine = (options: EngineOptions): Engine => {
  const { context, eventTable, eventTableName, appenders, writer, progress, known, adopted, warn } = options
  const { store } = context
  let starts = writer.engineStarts()
  let isFirst = true
  let copying: Promise<void> = Promise.resolve()

  /** The late entries of an unfinished batch, as digits. */
  const findLate = async (changed: readonly ChangedStatement[]): Promise<ReadonlySet<string>> => {
    const late = createRowWriter()
    for (const { id, stored, added } of changed) {
      for (const token of added) {
        late.fixed(keyOfToken(token))
        late.i64(stored)
        late.fixed(bytesOfId(id))
      }
    }
    const rows = await context.connection.read(
      `SELECT key, id FROM ${context.tables.entry}
       WHERE store = {store:UInt32} AND (key, stored, id) IN (SELECT key, stored, id FROM given)`,
      { store },
      { given: { columns: 'key FixedString(17), stored Int64, id FixedString(16)', rows: late.finish() } }
    )
    const there = new Set<string>()
    while (rows.more()) there.add(rows.fixed(keyLength + idLength).toString('hex'))
    return there
  }

  const lack = (since: Micros): void => {
    progress.eventsLacking = Math.min(progress.eventsLacking ?? since, since)
  }

  /** Copies statements to the event table while the next batch is being written. */
  const copyEvents = async (statements: readonly NewStatement[]): Promise<void> => {
    // At most one batch waits with its texts in memory.
    await copying
    const copied = statements.filter(({ id }) => !adopted.has(id))
    copying = eventTable.append(eventRows(copied)).catch((error: unknown) => {
      // They are stored, and are copied before the next batch is written.
      lack(copied.reduce((first, { stored }) => Math.min(first, stored), progress.last))
      warn(`Statements could not be copied to ${eventTableName} yet: ${error instanceof Error ? error.message : error}`)
    })
  }

  const writeStatements = async (number: number, { statements }: WriteBatch): Promise<void> => {
    const inserts = [
      () => appenders.entry.append(entryRows(store, number, statements)),
      () => appenders.statement.append(statementRows(store, number, statements))
    ]
    const size = statements.reduce((sum, { text }) => sum + text.length, 0)
    if (size > largeRound) for (const insert of inserts) await insert()
    else {
      // All inserts must end before anything is looked up.
      const ended = await Promise.allSettled(inserts.map((insert) => insert()))
      for (const each of ended) if (each.status === 'rejected') throw each.reason
    }
    await copyEvents(statements)
  }

  const writeAll = async (number: number, batch: WriteBatch): Promise<void> => {
    const { statements, changed, attachments } = batch
    await appenders.attachment.append(await attachmentRows(context, attachments))
    if (statements.length > 0) await writeStatements(number, batch)
    const late = changed.some(({ added }) => added.length > 0)
    if (late) {
      const there = progress.unfinished.length > 0 ? await findLate(changed) : new Set<string>()
      const isThere = (key: Buffer, { id }: ChangedStatement): boolean =>
        there.has(Buffer.concat([key, bytesOfId(id)]).toString('hex'))
      await appenders.entry.append(lateEntryRows(store, number, changed, isThere))
    }
    await appenders.description.append(descriptionRows(store, number, batch))
    // Written last: in a batch without statements the changes decide.
    await appenders.change.append(changeRows(store, number, statements, changed))
  }

  const finish = (number: number): void => {
    progress.visible = number
    progress.hidden = undefined
    progress.unfinished = []
  }

  const write = async (batch: WriteBatch, described: Descriptions): Promise<void> => {
    const { statements, changed, attachments, definitions, displays, names, last } = batch
    await writer.requireHeld()
    const number = Math.max(progress.tried + 1, last)
    await writer.cover(number)
    const parts = [statements.length, changed.length, attachments.length, definitions.size, displays.size, names.length]
    if (parts.some((length) => length > 0)) {
      progress.tried = number
      if (statements.some(({ voided }) => voided) || changed.some(({ voided }) => voided)) progress.hasVoided = true
      progress.isInDoubt = true
      progress.hidden = hiddenDescriptions(batch, described, progress.hidden)
      for (const { id, target } of statements) {
        known.add(id)
        if (target !== undefined) known.add(target)
      }
      await writeAll(number, batch)
      progress.isInDoubt = false
      finish(number)
    }
    progress.last = Math.max(progress.last, last)
  }

  const seeToWhatFailed = async (): Promise<void> => {
    if (progress.isInDoubt) {
      await copying
      progress.tried += 1
      await writer.cover(progress.tried)
      const { round, unfinished } = await recover(context, eventTableName, progress.visible, progress.tried)
      if (unfinished.length === 0) finish(round)
      progress.unfinished = unfinished
      progress.isInDoubt = false
    }
    if (writer.engineStarts() !== starts) {
      starts = writer.engineStarts()
      lack(progress.last - unsafeTime)
    }
    const { eventsLacking } = progress
    if (eventsLacking === undefined) return
    await copying
    await completeEvents(context, eventTableName, eventsLacking)
    progress.eventsLacking = undefined
  }

  return {
    // A promise that is added meanwhile belongs to a later batch.
    eventsCopied: () => copying,
    begin: async (): Promise<WriteSession> => {
      await writer.requireHeld()
      await seeToWhatFailed()
      const undisturbed = !isFirst
      isFirst = false
      const { unfinished } = progress
      let state: 'begun' | 'written' | 'failed' = 'begun'
      let described: Descriptions = { definitions: new Map(), displays: new Map() }
      const noting = async <Result>(work: Promise<Result>): Promise<Result> => {
        try {
          return await work
        } catch (error) {
          state = 'failed'
          throw error
        }
      }
      return {
        last: progress.last,
        undisturbed,
        unfinished,
        lookUp: (ids) => noting(lookUp(context, known.among(ids))),
        describe: async (iris) => {
          described = await noting(describe(context, iris))
          return described
        },
        write: async (batch) => {
          await noting(write(batch, described))
          state = 'written'
        },
        end: async () => {
          // They were linked again and lacked nothing, so there was nothing to write.
          if (unfinished.length > 0 && state === 'begun') finish(progress.tried)
        }
      }
    }
  }
}
