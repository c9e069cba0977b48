import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ByteBudget, Share } from './budget.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The share of a budget that the request and its answer hold. Undefined while they hold nothing. */
    share: Share | undefined
  }
}

/** The share of a request in a budget. It is returned after the answer was sent, or after the client hung up. */
export const shareOf = (request: FastifyRequest, reply: FastifyReply, budget: ByteBudget): Share => {
  if (request.share !== undefined) return request.share
  const share = budget.share()
  request.share = share
  if (reply.raw.closed) share.release()
  else reply.raw.once('close', share.release)
  return share
}

/** Moves a form to the budget of all requests after its sender is authenticated. */
export const moveShare = (request: FastifyRequest, reply: FastifyReply, budget: ByteBudget, bytes: number): void => {
  request.share?.release()
  request.share = undefined
  shareOf(request, reply, budget).take(bytes)
}

/** Releases a body that was processed or refused. Its memory must not depend on how slowly the client reads the answer. */
export const letGo = (request: FastifyRequest): void => {
  request.body = undefined
  request.share?.release()
}
