import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { createTally, totalOf } from '../../telemetry/tally.ts'
import { followAnswers } from './pipelined-answers.ts'
import type { ServerContext } from './server-context.ts'

/** Bounds the number of connections, and says in the log how many were refused. */
const boundNumber = (server: FastifyInstance, { settings: { maxConnections }, logger }: ServerContext): void => {
  const dropped = createTally({
    most: 1,
    window: 10_000,
    summarise: (counts) => logger.warn(`${totalOf(counts)} more connections were refused`)
  })
  server.server.maxConnections = maxConnections
  server.server.on('drop', () => {
    dropped.note('', () =>
      logger.warn(
        `A connection was refused: there are ${maxConnections}, as many as RALPH_RUNSERVER_MAX_CONNECTIONS allows`
      )
    )
  })
  server.addHook('onClose', async () => dropped.close())
}

/**
 * Bounds the time for which a client goes on sending a body after its request was answered, as one does that has no
 * right to send it.
 */
const boundRest = (server: FastifyInstance, { settings: { anonymousTimeout } }: ServerContext): void => {
  server.addHook('onResponse', (request, _reply, done) => {
    const { raw } = request
    if (!raw.complete) {
      setTimeout(() => {
        if (!raw.complete) raw.socket.destroy()
      }, anonymousTimeout * 1000).unref()
    }
    done()
  })
}

/** What one client can make the server hold by its connections alone. */
export const connections = fastifyPlugin(
  async (server: FastifyInstance, context: ServerContext) => {
    // Expectations other than 100-continue may be ignored (RFC 9110 §10.1.1); Node would answer without our headers.
    server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response))
    followAnswers(server.server)
    boundNumber(server, context)
    boundRest(server, context)
  },
  { name: 'connections' }
)
