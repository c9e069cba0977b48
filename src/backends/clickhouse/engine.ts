import type { Descriptions } from '../../contracts/statement-store.ts'
import type { BatchEngine, ChangedStatement, Removal, WriteBatch, WriteSession } from '../../storage/batching/engine.ts'
import type { Appenders } from './appender.ts'
import { createBatchInserts } from './batch-inserts.ts'
import { describe, hiddenDescriptions } from './descriptions.ts'
import { createEventCopies, type EventCopies, type EventCopiesOptions } from './event-copies.ts'
import { lookUp } from './look-up.ts'
import { recover } from './recover.ts'
import { remove } from './removal.ts'
import type { KnownIds } from './seen-ids.ts'
import type { Writer } from './writer.ts'

export interface EngineOptions extends EventCopiesOptions {
  readonly appenders: Appenders
  readonly writer: Writer
  readonly known: KnownIds
}

/** Microseconds. After a restart, the engine may have lost rows of an event table that were written this long before the last batch. */
export const unsafeTime = 600_000_000

interface RemovalParts extends Pick<EngineOptions, 'context' | 'eventTableName' | 'writer' | 'progress'> {
  readonly copies: Pick<EventCopies, 'ended'>
  insertBatch(number: number, batch: WriteBatch): Promise<void>
  finish(number: number): void
}

const nothing: Omit<WriteBatch, 'last'> = {
  statements: [],
  changed: [],
  attachments: [],
  names: [],
  definitions: new Map(),
  displays: new Map()
}

/** The change of a statement that no store has. */
const ofNobody: ChangedStatement = {
  id: '00000000-0000-0000-0000-000000000000',
  stored: 0,
  added: [],
  tokens: [],
  voided: false
}

/**
 * A batch of its own that changes nothing comes first. The number of rows of the newest batch tells whether it is whole, so it must have no
 * row that is removed.
 */
const removeBefore = async (
  removal: Removal,
  { context, eventTableName, writer, progress, copies, insertBatch, finish }: RemovalParts
): Promise<void> => {
  const number = progress.tried + 1
  await writer.cover(number)
  progress.tried = number
  progress.isInDoubt = true
  await copies.ended()
  await insertBatch(number, { ...nothing, last: progress.last, changed: [ofNobody] })
  await remove(context, eventTableName, removal)
  progress.isInDoubt = false
  finish(number)
}

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
  const { context, eventTableName, writer, progress, known } = options
  const copies = createEventCopies(options)
  const insertBatch = createBatchInserts({ ...options, copies })
  let starts = writer.engineStarts()
  let isFirst = true

  const finish = (number: number): void => {
    progress.visible = number
    progress.hidden = undefined
    progress.unfinished = []
  }

  const write = async (batch: WriteBatch, described: Descriptions): Promise<void> => {
    const { statements, changed, attachments, definitions, displays, names, last, removal } = batch
    await writer.requireHeld()
    const parts = [statements.length, changed.length, attachments.length, definitions.size, displays.size, names.length]
    if (removal !== undefined) await removeBefore(removal, { ...options, copies, insertBatch, finish })
    const number = Math.max(progress.tried + 1, last)
    await writer.cover(number)
    if (parts.some((length) => length > 0)) {
      progress.tried = number
      if (statements.some(({ voided }) => voided) || changed.some(({ voided }) => voided)) progress.hasVoided = true
      progress.isInDoubt = true
      progress.hidden = hiddenDescriptions(batch, described, progress.hidden)
      for (const { id, target } of statements) {
        known.add(id)
        if (target !== undefined) known.add(target)
      }
      await insertBatch(number, batch)
      progress.isInDoubt = false
      finish(number)
    }
    progress.last = Math.max(progress.last, last)
  }

  const seeToWhatFailed = async (): Promise<void> => {
    if (progress.isInDoubt) {
      await copies.ended()
      progress.tried += 1
      await writer.cover(progress.tried)
      const { round, unfinished } = await recover(context, eventTableName, progress.visible, progress.tried)
      if (unfinished.length === 0) finish(round)
      progress.unfinished = unfinished
      progress.isInDoubt = false
    }
    if (writer.engineStarts() !== starts) {
      starts = writer.engineStarts()
      copies.lack(progress.last - unsafeTime)
    }
    await copies.complete()
  }

  const session = (undisturbed: boolean): WriteSession => {
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

  return {
    eventsCopied: copies.ended,
    begin: async () => {
      await writer.requireHeld()
      await seeToWhatFailed()
      const undisturbed = !isFirst
      isFirst = false
      return session(undisturbed)
    }
  }
}
