import type { onRequestHookHandler } from 'fastify'

/**
 * What users stored is bytes, not a page of this origin: a browser that is led there runs no script in it. Such a page
 * could use the credentials that the browser remembers.
 */
export const sandboxStored: onRequestHookHandler = (_request, reply, done) => {
  reply.header('content-security-policy', 'sandbox')
  done()
}
