import type { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { ServerSettings } from '../../settings/settings.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { createTally, totalOf } from '../../telemetry/tally.ts'
import { type ConnectionShares, createConnectionShares } from './connection-shares.ts'
import { continueWhenRead } from './continue.ts'
import { followAnswers } from './pipelined-answers.ts'
import type { ServerContext } from './server-context.ts'

/** This many connections beyond the limit are examined, each only for a moment. */
const slack = 512

/**
 * Limits the number of connections of a server, and logs how many were refused. If there is no room, the source with the most connections
 * loses one. Otherwise one address without a password could keep everybody out. Behind a trusted proxy all connections come from the proxy,
 * so the proxy must be fair.
 */
export const boundConnections = (
  server: Server,
  {
    settings: { maxConnections, trustProxy },
    logger
  }: { readonly settings: Pick<ServerSettings, 'maxConnections' | 'trustProxy'>; readonly logger: Pick<Logger, 'warn'> }
): { readonly shares: ConnectionShares; readonly close: () => void } => {
  const bound = `as many as RALPH_RUNSERVER_MAX_CONNECTIONS allows`
  const dropped = createTally({
    most: 1,
    window: 10_000,
    summarise: (counts) => logger.warn(`${totalOf(counts)} more connections were refused`)
  })
  const closed = createTally({
    most: 1,
    window: 10_000,
    summarise: (counts) => logger.warn(`${totalOf(counts)} more connections were closed to make room`)
  })
  const refuse = (): void =>
    dropped.note('', () => logger.warn(`A connection was refused: there are ${maxConnections}, ${bound}`))
  const shares = createConnectionShares()
  server.maxConnections = maxConnections + slack
  server.on('drop', refuse)
  server.on('connection', (socket) => {
    shares.add(socket)
    if (shares.count() <= maxConnections) return
    const spare = trustProxy === false ? shares.spareFor(socket) : undefined
    if (spare === undefined) {
      refuse()
      socket.destroy()
      return
    }
    const remote = spare.remoteAddress
    closed.note('', () =>
      logger.warn(
        { remote },
        `A connection was closed to make room for another source: there are ${maxConnections}, ${bound}`
      )
    )
    spare.destroy()
  })
  const close = (): void => {
    dropped.close()
    closed.close()
  }
  return { shares, close }
}

const boundNumber = (server: FastifyInstance, context: ServerContext): void => {
  const { shares, close } = boundConnections(server.server, context)
  server.addHook('onRequest', (request, _reply, done) => {
    shares.began(request)
    done()
  })
  server.addHook('onResponse', (request, _reply, done) => {
    shares.ended(request)
    done()
  })
  server.addHook('onClose', async () => close())
}

/** Limits how long a client may go on sending a body after its request was answered, for example because it was refused. */
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

/** Limits what one client can make the server hold by its connections alone. */
export const connections = fastifyPlugin(
  async (server: FastifyInstance, context: ServerContext) => {
    // Expectations other than 100-continue may be ignored (RFC 9110 §10.1.1). Node would answer without our headers.
    server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response))
    continueWhenRead(server.server)
    followAnswers(server.server)
    boundNumber(server, context)
    boundRest(server, context)
  },
  { name: 'connections' }
)
