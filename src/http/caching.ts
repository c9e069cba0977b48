import type { FastifyReply } from 'fastify'
import { varyBy } from './vary.ts'

/**
 * Without it a browser, told only when something was last modified, answers from its cache for as long as it deems
 * right: old data, and those of another user who sat there before (RFC 9111 §4.2.2). With it an answer is kept by the
 * one who asked, and used again only after the server was asked whether it still holds.
 */
export const cacheControl = 'private, no-cache'

/** For every answer, errors included: who asks decides what is answered. */
export const keepPrivate = (reply: FastifyReply): void => {
  reply.header('cache-control', cacheControl)
  varyBy(reply, 'Authorization')
}
