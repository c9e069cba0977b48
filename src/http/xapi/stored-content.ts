import type { onRequestHookHandler } from 'fastify'

/**
 * Stored content is data, not a page of this origin. If a browser opens it, its scripts do not run: they could use the credentials that the
 * browser keeps.
 */
export const sandboxStored: onRequestHookHandler = (_request, reply, done) => {
  reply.header('content-security-policy', 'sandbox')
  done()
}
