import { RalphError } from '../../errors.ts'
import type { Middleware } from '../running-call.ts'
import { statusCodes, statusName } from '../status-codes.ts'

const outcomeOf = (error: unknown, isGone: boolean): string => {
  if (isGone) return 'CANCELLED'
  return error instanceof RalphError ? statusName(statusCodes[error.code]) : 'UNKNOWN'
}

/** One line for each call: who, what, how it ended, how long it took. */
export const logging: Middleware = async (call, next) => {
  const started = performance.now()
  const log = (status: string): void => {
    const { path, username, source, trace, logger } = call
    const about = { remote: source, method: 'gRPC', path, status, ms: Math.round(performance.now() - started) }
    const user = username === undefined ? {} : { user: username }
    logger.info({ ...about, ...user, ...(trace === undefined ? {} : { traceId: trace.traceId, spanId: trace.spanId }) })
  }
  try {
    await next()
    log(call.signal.aborted ? 'CANCELLED' : 'OK')
  } catch (error) {
    log(outcomeOf(error, call.signal.aborted))
    throw error
  }
}
