import type { Participant } from './transaction.ts'

/** Counts the committed transactions that changed statements. */
export interface StatementRevision extends Participant {
  now(): number
  /** The open transaction changes statements. */
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
