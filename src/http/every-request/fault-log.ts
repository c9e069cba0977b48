import type { FastifyBaseLogger } from 'fastify'
import type { ErrorCode, RalphError } from '../../errors.ts'
import { createTally, type Tally, totalOf } from '../../telemetry/tally.ts'

/** What is the server's own fault, for the operator. */
export interface FaultLog {
  note(thrown: unknown, error: RalphError, status: number, reqId: string): void
  /** Says what was counted and not said yet. */
  close(): void
}

const window = 10_000

/**
 * 503 and 507 are states that the server is made to get into and out of again, and a flood of requests gets as many of
 * them: the first of each kind is a line, the others are counted. Anything else is a defect, or damage: with all that
 * led to it.
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
