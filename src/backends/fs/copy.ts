import type { InsertReport, StoredStatement } from '../../contracts/statement-store.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { onOneLine } from '../../xapi/json-text.ts'
import type { Statement } from '../../xapi/statement.ts'
import type { NewLine } from './statement-file.ts'
import type { StoreFiles, Transaction } from './transaction.ts'

/** The job that takes in statements with the `stored` that they have. */
export const createRestore =
  ({ statements }: StoreFiles, transaction: Transaction, times: IncreasingClock) =>
  (restored: readonly StoredStatement[]): InsertReport => {
    const already: string[] = []
    const lines: NewLine[] = []
    for (const { id, stored, text } of restored) {
      if ((transaction.statement(id) ?? statements.statement(id)) !== undefined) {
        already.push(id)
        continue
      }
      // What was stored elsewhere was validated there.
      const statement = JSON.parse(text) as Statement
      const line = text.includes('\n') ? onOneLine(text) : text
      lines.push({ id, stored, statement, define: true, bytes: Buffer.from(line) })
      times.passed(stored)
    }
    transaction.addStatements(lines)
    return { inserted: lines.map(({ id }) => id), already }
  }
