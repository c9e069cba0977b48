import type { FastifyBaseLogger } from 'fastify'
import type { ErrorCode, RalphError } from '../../errors.ts'
import { createTally, type Tally, totalOf } from '../../telemetry/tally.ts'

/** Logs the faults of the server, for the operator. */
export interface FaultLog {
  note(thrown: unknown, error: RalphError, status: number, reqId: string): void
  /** Logs the counts that were not logged yet. */
  close(): void
}

const window = 10_000

/**
 * 503 and 507 are states from which the server recovers, and a flood of requests may get them: the first of each kind is logged, the others
 * are counted. Any other fault is a defect or damage, and is logged with all its causes.
 */
export const createFaultLog = (logger: FastifyBaseLogger): FaultLog => {
  const tallies = new Map<ErrorCode, Tally>()

  const tallyOf = (code: ErrorCode): Tally => {
    const present = tallies.get(code)
    if (present !== undefined) return present
    const summarise = (counts: ReadonlyMap<string, number>): void => {
      logger.warn({ code, count: totalOf(counts) }, `${totalOf(counts)} more requests ended as ${code}`)
    }
    const tally = createTally({ most: 1, window, summarise })
    tallies.set(code, tally)
    return tally
  }

  return {
    note: (thrown, error, status, reqId) => {
      if (status === 500) {
        logger.error({ reqId, err: thrown }, error.message)
        return
      }
      const cause = error.cause instanceof Error ? { cause: error.cause.message } : {}
      tallyOf(error.code).note('', () => logger.warn({ reqId, code: error.code, ...cause }, error.message))
    },
    close: () => {
      for (const tally of tallies.values()) tally.close()
    }
  }
}
