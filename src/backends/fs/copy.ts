import type { InsertReport, StoredStatement } from '../../contracts/statement-store.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { onOneLine } from '../../json/exact.ts'
import type { Statement } from '../../xapi/statement.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { Transaction, TransactionFiles } from './transaction.ts'

/** The job that restores statements with their own `stored`. */
export const createRestore = ({ statements }: TransactionFiles, transaction: Transaction, times: IncreasingClock) =>
  function* (restored: readonly StoredStatement[]): Yielding<InsertReport> {
    const already: string[] = []
    const inserted: string[] = []
    for (const { id, stored, text } of restored) {
      if ((transaction.statement(id) ?? statements.statement(id)) !== undefined) {
        already.push(id)
        continue
      }
      // A statement from another store was validated there.
      const statement = JSON.parse(text) as Statement
      const line = onOneLine(text)
      transaction.addStatement({ id, stored, statement, define: true, bytes: Buffer.from(line) }, restored.length)
      times.passed(stored)
      inserted.push(id)
      yield
    }
    return { inserted, already }
  }
