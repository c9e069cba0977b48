import type { InsertReport, StatementBatch } from '../../contracts/statement-store.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { onOneLine } from '../../json/exact.ts'
import { Spoilt } from '../../storage/batching/group-commit.ts'
import { separateKnown } from '../../storage/known-statements.ts'
import { marksOf } from '../../xapi/attachments.ts'
import { formatMicros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { FsAttachments } from './attachments.ts'
import { type JournalState, keepApart } from './journal-state.ts'
import type { NewLine } from './statement-file.ts'
import type { Transaction, TransactionFiles } from './transaction.ts'

/** The job that stores a batch. It refuses the batch before it changes anything. */
export const createInsert = (
  { statements, journal }: TransactionFiles,
  transaction: Transaction,
  attachments: FsAttachments,
  kept: JournalState,
  times: IncreasingClock
) => {
  return function* (batch: StatementBatch): Yielding<InsertReport> {
    const { fresh, already } = yield* separateKnown(
      batch.statements,
      (id) => transaction.statement(id) ?? statements.statement(id),
      batch.ownOnly
    )
    try {
      yield* transaction.inheritance.add(fresh, batch.inheritance)
    } catch (cause) {
      // The other jobs of the group are counted again.
      throw new Spoilt('', { cause })
    }
    const lines: NewLine[] = []
    for (const incoming of fresh) {
      const stored = times.next()
      const text = incoming.textAt(formatMicros(stored))
      const bytes = Buffer.from(onOneLine(text))
      const { id, statement } = incoming
      const line = { id, stored, statement, define: batch.define, apart: batch.apart, bytes }
      lines.push(line)
      // It runs before any other code, so from now on `consistentThrough` is earlier than this statement.
      transaction.addStatement(line, fresh.length)
      yield
    }
    attachments.add([...batch.attachments, ...marksOf(fresh)])
    const [first] = lines
    if (!batch.define && lines.length > 0) {
      const unlearned = lines.map(({ stored }) => stored)
      transaction.addEntry(journal, { unlearned }, undefined, () => {
        for (const stored of unlearned) kept.unlearned.add(stored)
      })
    }
    if (batch.apart && first !== undefined && first.stored < kept.apart.since) {
      transaction.addEntry(journal, { apart: first.stored }, undefined, () => keepApart(kept, first.stored))
    }
    return { inserted: lines.map(({ id }) => id), already }
  }
}
