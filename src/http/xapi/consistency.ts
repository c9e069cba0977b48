import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LrsBackend } from '../../contracts/lrs-backend.ts'
import { formatMicros } from '../../xapi/timestamp.ts'

const consistentThrough = 'x-experience-api-consistent-through'
const nothing = formatMicros(0)

/** A target may contain the host before its path (RFC 9112 §3.2.2). */
const statements = /^(?:https?:\/\/[^/?#]*)?\/xAPI\/statements\/?(?:[?#]|$)/

/**
 * Every answer under /statements, errors included, says up to when statements are surely visible (Communication §2.1.3). Here it promises
 * nothing: a client that is not authenticated yet must not make the store work, and a store that is unreachable can promise nothing.
 */
export const promiseNothing = ({ url }: FastifyRequest, reply: FastifyReply): void => {
  if (statements.test(url)) reply.header(consistentThrough, nothing)
}

/**
 * Promises what the store of the user can promise. The store is asked before the query: a statement that becomes visible meanwhile does no
 * harm, a missing one would.
 */
export const promiseConsistency = async (
  { url, principal }: FastifyRequest,
  reply: FastifyReply,
  backend: LrsBackend
): Promise<void> => {
  if (!statements.test(url)) return
  const store = await backend.store(principal?.target)
  reply.header(consistentThrough, formatMicros(await store.statements.consistentThrough()))
}
