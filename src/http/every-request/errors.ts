import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { replyWithError } from '../errors.ts'
import type { ServerContext } from './server-context.ts'

/** Answers with whatever is thrown, and says in the log what was counted and not said yet when the server ends. */
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
