import type { ChangedStatement, WriteBatch } from '../../storage/batching/engine.ts'
import type { Appenders } from './appender.ts'
import { attachmentRows } from './attachments.ts'
import { changeRows, entryRows, lateEntryRows, statementRows } from './batch-rows.ts'
import { descriptionRows } from './descriptions.ts'
import type { EventCopies } from './event-copies.ts'
import { bytesOfId, idLength, keyLength, keyOfToken } from './keys.ts'
import type { ReadContext } from './look-up.ts'
import type { WriterProgress } from './progress.ts'
import { createRowWriter } from './row-binary.ts'

/** Bytes of text above which the tables are written one after the other, because memory then counts more than time. */
const largeBatch = 2 ** 23

export interface BatchInsertsOptions {
  readonly context: ReadContext
  readonly appenders: Appenders
  readonly progress: WriterProgress
  readonly copies: EventCopies
}

/** The late entries of an unfinished batch that are there already, as digits. */
const findLate = async (
  { connection, tables, store }: ReadContext,
  changed: readonly ChangedStatement[]
): Promise<ReadonlySet<string>> => {
  const late = createRowWriter()
  for (const { id, stored, added } of changed) {
    for (const token of added) {
      late.fixed(keyOfToken(token))
      late.i64(stored)
      late.fixed(bytesOfId(id))
    }
  }
  const rows = await connection.read(
    `SELECT key, id FROM ${tables.entry}
     WHERE store = {store:UInt32} AND (key, stored, id) IN (SELECT key, stored, id FROM given)`,
    { store },
    { given: { columns: 'key FixedString(17), stored Int64, id FixedString(16)', rows: late.finish() } }
  )
  const there = new Set<string>()
  while (rows.more()) there.add(rows.fixed(keyLength + idLength).toString('hex'))
  return there
}

/** The inserts of one batch, in the order that makes it whole or nothing. `number` is the number of the batch. */
export const createBatchInserts = ({ context, appenders, progress, copies }: BatchInsertsOptions) => {
  const { store } = context

  const insertStatements = async (number: number, { statements }: WriteBatch): Promise<void> => {
    const inserts = [
      () => appenders.entry.append(entryRows(store, number, statements)),
      () => appenders.statement.append(statementRows(store, number, statements))
    ]
    const size = statements.reduce((sum, { text }) => sum + text.length, 0)
    if (size > largeBatch) for (const insert of inserts) await insert()
    else {
      // All inserts must end before anything is looked up.
      const ended = await Promise.allSettled(inserts.map((insert) => insert()))
      for (const each of ended) if (each.status === 'rejected') throw each.reason
    }
    await copies.begin(statements)
  }

  const insertLateEntries = async (number: number, changed: readonly ChangedStatement[]): Promise<void> => {
    if (!changed.some(({ added }) => added.length > 0)) return
    const there = progress.unfinished.length > 0 ? await findLate(context, changed) : new Set<string>()
    const isThere = (key: Buffer, { id }: ChangedStatement): boolean =>
      there.has(Buffer.concat([key, bytesOfId(id)]).toString('hex'))
    await appenders.entry.append(lateEntryRows(store, number, changed, isThere))
  }

  return async (number: number, batch: WriteBatch): Promise<void> => {
    const { statements, changed, attachments } = batch
    await appenders.attachment.append(await attachmentRows(context, attachments))
    if (statements.length > 0) await insertStatements(number, batch)
    await insertLateEntries(number, changed)
    await appenders.description.append(descriptionRows(store, number, batch))
    // Written last: in a batch without statements the changes decide.
    await appenders.change.append(changeRows(store, number, statements, changed))
  }
}
