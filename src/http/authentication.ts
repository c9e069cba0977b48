import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AuthenticatorChain } from '../identity/chain.ts'
import { sourceOf } from './source.ts'

/** Sets `request.principal` from the credentials of the request, or rejects with `UNAUTHENTICATED` or `OVERLOADED`. */
export type Authenticate = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

export const authenticateBy =
  ({ authenticate }: AuthenticatorChain): Authenticate =>
  async (request) => {
    const { authorization } = request.headers
    request.principal = await authenticate({ authorization, source: sourceOf(request.ip) })
  }
