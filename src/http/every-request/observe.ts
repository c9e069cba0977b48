import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { ServerContext } from './server-context.ts'

/** Counts and measures every request, if metrics are switched on. */
export const observe = fastifyPlugin(
  async (server: FastifyInstance, { telemetry, budget }: ServerContext) => {
    const metrics = telemetry?.metrics
    if (metrics === undefined) return
    let inFlight = 0
    metrics.gauge('ralph_requests_in_flight', 'Requests that are not answered yet', () => inFlight)
    metrics.gauge('ralph_bytes_in_flight', 'Bytes of request bodies and answers that are held in memory', budget.held)
    server.addHook('onRequest', (_request, reply, next) => {
      inFlight += 1
      // It is the only event that comes for every answer, also when the client has hung up.
      reply.raw.once('close', () => {
        inFlight -= 1
      })
      next()
    })
    server.addHook('onResponse', (request, reply, next) => {
      // A path of no route could be any text.
      const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none')
      metrics.answered(request.method, route, reply.statusCode, reply.elapsedTime / 1000)
      next()
    })
  },
  { name: 'observe' }
)
