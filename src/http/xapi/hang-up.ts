import type { FastifyReply } from 'fastify'
import { RalphError } from '../../errors.ts'

/**
 * Aborted when the client hangs up before it is answered. The signal that Fastify has for this also fires when a body
 * has merely been read to its end.
 */
export const hangUpSignal = ({ raw }: FastifyReply): AbortSignal => {
  const controller = new AbortController()
  const look = (): void => {
    if (raw.writableFinished) return
    // Nobody will read it, and it is no fault of the server that would be logged.
    controller.abort(new RalphError('MALFORMED_REQUEST', 'The client hung up before it was answered.'))
  }
  if (raw.closed) look()
  else raw.once('close', look)
  return controller.signal
}
