import type { FastifyInstance } from 'fastify'
import type { Forwardings } from '../contracts/forwardings.ts'
import type { Imports } from '../contracts/imports.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part } from '../contracts/part.ts'
import type { RejectedRequests } from '../contracts/rejected-requests.ts'
import type { Uploads } from '../contracts/uploads.ts'
import type { ServerDependencies } from '../http/dependencies.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { authenticatorsOf, type LoginParts } from './access.ts'
import { addressOf, asListenError } from './listen-error.ts'

export interface HttpOptions extends Pick<ServerDependencies, 'settings' | 'logger' | 'newId' | 'version'>, LoginParts {
  readonly database: Part<LrsBackend>
  /** Undefined: rejected requests are not kept. */
  readonly rejected: Part<RejectedRequests> | undefined
  /** Undefined: this server does not run imports. */
  readonly imports: Part<Imports> | undefined
  /** Undefined: this server forwards nothing. */
  readonly forwarding: Part<Forwardings> | undefined
  /** Undefined: this server accepts no uploads. */
  readonly uploads: Part<Uploads> | undefined
  /** The name of the backend, for the log. */
  readonly backend: string
  /** Undefined: nobody is told of requests. */
  readonly telemetry: Part<Telemetry> | undefined
  /** Other processes listen on the same port. */
  readonly isWorker: boolean
}

/** Listens, and logs the address. */
const listen = async (server: FastifyInstance, { settings, isWorker, logger, backend }: HttpOptions): Promise<void> => {
  const { host } = settings
  // Fastify hands it all to net.Server, and does not know the last one.
  const where = { host, port: settings.port, reusePort: isWorker }
  await server.listen(where).catch((error: unknown) => {
    throw asListenError(error, host, settings.port)
  })
  const bound = server.server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : settings.port
  const everywhere = host === '0.0.0.0' || host === '::'
  const reach = everywhere ? `http://localhost:${port}` : `http://${addressOf(host, port)}`
  logger.info(
    `Ralph listens on ${reach}/xAPI${everywhere ? ' and every other address of this machine' : ''}, backend ${backend}`
  )
}

export const httpPart = (options: HttpOptions): Part<FastifyInstance> => ({
  name: 'http',
  start: async ({ use, running }) => {
    const [{ buildServer }, { compileRules }] = await Promise.all([
      import('../http/server.ts'),
      import('../lrs/store-statements/validate.ts')
    ])
    const authenticators = authenticatorsOf(use, options)
    const server = await buildServer({
      ...options,
      authenticators,
      access: options.access === undefined ? undefined : use(options.access),
      backend: use(options.database),
      rejected: options.rejected === undefined ? undefined : use(options.rejected),
      imports: options.imports === undefined ? undefined : use(options.imports),
      forwardings: options.forwarding === undefined ? undefined : use(options.forwarding),
      uploads: options.uploads === undefined ? undefined : use(options.uploads),
      telemetry: options.telemetry && use(options.telemetry),
      parts: running
    })
    try {
      await listen(server, options)
    } catch (error) {
      await server.close()
      throw error
    }
    authenticators.announce()
    setImmediate(() => compileRules(options.settings.defaultVersion))
    return {
      service: server,
      stop: async () => {
        await server.close()
      },
      health: async () =>
        server.server.listening
          ? { state: 'ok' }
          : { state: 'degraded', detail: 'the server is stopping', hint: 'the server is stopping' }
    }
  }
})
