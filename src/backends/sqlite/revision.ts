import type { Participant } from './transaction.ts'

/** Counts the transactions that changed statements, and were committed. */
export interface StatementRevision extends Participant {
  now(): number
  /** Statements change in the transaction that is open. */
  outdate(): void
}

export const createStatementRevision = (): StatementRevision => {
  let revision = 0
  let outdated = false
  return {
    now: () => revision,
    outdate: () => {
      outdated = true
    },
    settle: () => {
      if (outdated) revision += 1
      outdated = false
    },
    discard: () => {
      outdated = false
    }
  }
}
