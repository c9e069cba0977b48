import type { FastifyReply } from 'fastify'
import { RalphError } from '../../errors.ts'

/**
 * A signal that is aborted when the client hangs up before the answer. The signal of Fastify is not used, because it also fires when a body
 * was read to its end.
 */
export const hangUpSignal = ({ raw }: FastifyReply): AbortSignal => {
  const controller = new AbortController()
  const look = (): void => {
    if (raw.writableFinished) return
    // Nobody will read this error, and it is not a fault of the server, so it is not logged.
    controller.abort(new RalphError('MALFORMED_REQUEST', 'The client hung up before it was answered.'))
  }
  if (raw.closed) look()
  else raw.once('close', look)
  return controller.signal
}
