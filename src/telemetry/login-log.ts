import type { Logger } from 'pino'
import { createTally, listCounts, totalOf } from './tally.ts'

/** Logs logins with wrong credentials, for the operator. */
export interface LoginLog {
  failed(username: string, source: string): void
  /** Logs the counts that were not logged yet. */
  close(): void
}

const mostInWindow = 10
const window = 10_000

/** The name that a client sent, on one line. */
const shown = (name: string): string => JSON.stringify(name.slice(0, 64))

export const createLoginLog = (logger: Pick<Logger, 'info'>): LoginLog => {
  const tally = createTally({
    most: mostInWindow,
    window,
    summarise: (counts) => {
      const count = totalOf(counts)
      logger.info({ event: 'logins failed', count }, `${count} more logins failed: ${listCounts(counts, 'from')}`)
    }
  })
  return {
    failed: (username, source) =>
      tally.note(source, () =>
        logger.info({ event: 'login failed', remote: source }, `Login failed: ${shown(username)} from ${source}`)
      ),
    close: tally.close
  }
}
