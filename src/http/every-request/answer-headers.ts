import type { FastifyInstance, FastifyReply } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { varyBy } from '../vary.ts'
import { isCut } from './pipelined-answers.ts'
import type { ServerContext } from './server-context.ts'

export const versionHeader = 'x-experience-api-version'

/**
 * Without it, a browser that knows only the last modification may answer from its cache as long as it likes: with old data, or with data of
 * the previous user (RFC 9111 §4.2.2). With it, only the client that asked keeps the answer, and must ask the server before using it again.
 */
export const cacheControl = 'private, no-cache'

/** For every answer, errors included, because the answer depends on the user. */
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
