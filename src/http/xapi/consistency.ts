import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LrsBackend } from '../../contracts/lrs-backend.ts'
import { formatMicros } from '../../xapi/timestamp.ts'

const consistentThrough = 'x-experience-api-consistent-through'
const nothing = formatMicros(0)

/** A target can have the host in front of its path (RFC 9112 §3.2.2). */
const statements = /^(?:https?:\/\/[^/?#]*)?\/xAPI\/statements\/?(?:[?#]|$)/

/**
 * Every answer under /statements, errors included, says up to when statements are surely visible (Communication
 * §2.1.3). To whoever is not known yet nothing is promised: to look would make the store work. And a store that is out
 * of reach is consistent through nothing.
 */
export const promiseNothing = ({ url }: FastifyRequest, reply: FastifyReply): void => {
  if (statements.test(url)) reply.header(consistentThrough, nothing)
}

/**
 * Promises what holds in the store of the one who asks. It is asked before the query: what becomes visible meanwhile
 * does no harm, what does not would.
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
