import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { replyWithError } from '../errors.ts'
import type { ServerContext } from './server-context.ts'

/** Answers with every error that is thrown. When the server ends, it logs the counts that were not logged yet. */
export const errors = fastifyPlugin(
  async (server: FastifyInstance, { replying, requests }: ServerContext) => {
    server.setErrorHandler((error, request, reply) => replyWithError(error, request, reply, replying))
    server.addHook('onClose', async () => {
      requests.close()
      replying.faults.close()
    })
  },
  { name: 'errors' }
)
