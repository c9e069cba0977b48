import type { FastifyInstance, FastifyReply } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { varyBy } from '../vary.ts'
import { isCut } from './pipelined-answers.ts'
import type { ServerContext } from './server-context.ts'

export const versionHeader = 'x-experience-api-version'

/**
 * Without it a browser, told only when something was last modified, answers from its cache for as long as it deems
 * right: old data, and those of another user who sat there before (RFC 9111 §4.2.2). With it an answer is kept by the
 * one who asked, and used again only after the server was asked whether it still holds.
 */
export const cacheControl = 'private, no-cache'

/** For every answer, errors included: the answer depends on who asks. */
export const keepPrivate = (reply: FastifyReply): void => {
  reply.header('cache-control', cacheControl)
  varyBy(reply, 'Authorization')
}

/** The headers of every answer: the version, and what caches and browsers may do with it. */
export const answerHeaders = fastifyPlugin(
  async (server: FastifyInstance, { settings, plugins }: ServerContext) => {
    const ofPlugins = plugins.flatMap(({ addHeaders }) => addHeaders ?? [])
    server.addHook('onRequest', async (request, reply) => {
      if (isCut(request.raw.socket)) return reply.hijack()
      reply.header(versionHeader, settings.defaultVersion).header('x-content-type-options', 'nosniff')
      keepPrivate(reply)
      for (const addHeaders of ofPlugins) addHeaders(request, reply)
      return undefined
    })
  },
  { name: 'answer-headers' }
)
