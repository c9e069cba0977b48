import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/**
 * One line for each request, once it is answered, at level debug: a server at full load answers more requests than
 * anyone reads lines. Failures of the server itself are logged where they are answered (`errors.ts`).
 */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(error: Error | null, request: FastifyRequest, reply: FastifyReply): void {
    request.log.debug(
      {
        ...(error === null ? {} : { err: error }),
        method: request.method,
        // Parameters may name a person.
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        user: request.asker?.username,
        remote: request.ip,
        ms: Math.round(reply.elapsedTime * 1000) / 1000
      },
      'answered'
    )
  }
}
