import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'

/** What the server keeps of a request. It reads no body: each plugin decides how bodies of its routes are read. */
export const requestState = fastifyPlugin(
  async (server: FastifyInstance) => {
    server.removeAllContentTypeParsers()
    server.decorateRequest('principal', undefined)
    server.decorateRequest('share', undefined)
  },
  { name: 'request-state' }
)
