import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { RalphError } from '../errors.ts'
import type { ServerSettings } from '../settings/settings.ts'
import { createTally, type Tally, totalOf } from '../telemetry/tally.ts'

type Limits = Pick<ServerSettings, 'maxConnections' | 'maxHeaderSize' | 'requestTimeout' | 'anonymousTimeout'>

/** Milliseconds within which the head of a request must have arrived. */
const headTimeout = 60_000
/** Milliseconds between two looks of Node at what is late. */
const look = 30_000

/** What `fastify` is to be told of the time that a request has to arrive, and of the size of its head. */
export const arrivalOptions = ({ requestTimeout, maxHeaderSize }: Limits) => {
  const whole = requestTimeout * 1000
  return {
    requestTimeout: whole,
    http: {
      // Node would refuse a request without Host in words of its own.
      requireHostHeader: false,
      maxHeaderSize,
      headersTimeout: Math.min(headTimeout, whole),
      connectionsCheckingInterval: Math.min(look, Math.ceil(whole / 4))
    }
  }
}

/** A form whose sender is not known before it was read, and that does not arrive. */
export const late = ({ anonymousTimeout }: Limits): RalphError =>
  new RalphError(
    'REQUEST_TIMEOUT',
    `The form took longer to arrive than the ${anonymousTimeout} s of RALPH_RUNSERVER_ANONYMOUS_TIMEOUT.`,
    { limit: anonymousTimeout, setting: 'RALPH_RUNSERVER_ANONYMOUS_TIMEOUT' }
  )

/**
 * Bounds the connections, and the time for which one that was answered before all of its body had arrived, as whoever
 * has no right to send it is, goes on sending. The tally is to be closed.
 */
export const boundConnections = (server: FastifyInstance, limits: Limits, logger: FastifyBaseLogger): Tally => {
  const dropped = createTally({
    most: 1,
    window: 10_000,
    summarise: (counts) => logger.warn(`${totalOf(counts)} more connections were refused`)
  })
  server.server.maxConnections = limits.maxConnections
  server.server.on('drop', () => {
    dropped.note('', () =>
      logger.warn(
        `A connection was refused: there are ${limits.maxConnections}, as many as RALPH_RUNSERVER_MAX_CONNECTIONS allows`
      )
    )
  })
  server.addHook('onResponse', (request, _reply, done) => {
    const { raw } = request
    if (!raw.complete) {
      setTimeout(() => {
        if (!raw.complete) raw.socket.destroy()
      }, limits.anonymousTimeout * 1000).unref()
    }
    done()
  })
  return dropped
}
