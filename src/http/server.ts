import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { RalphError } from '../errors.ts'
import { about } from '../lrs/about.ts'
import type { LrsRules } from '../lrs/call.ts'
import type { ServerSettings } from '../settings/settings.ts'
import { parseTrustedKeys } from '../xapi/signature.ts'
import { arrivalOptions, boundConnections, late } from './arrival.ts'
import { authenticateBy } from './authentication.ts'
import { readBodies } from './bodies.ts'
import { createBudget } from './budget.ts'
import { keepPrivate } from './caching.ts'
import { followAnswers, isCut, replyToClientError } from './client-error.ts'
import { closeConnectionsAtEnd } from './closing.ts'
import { promiseNothing } from './consistency.ts'
import { allowOrigins, speakCors } from './cors.ts'
import type { ServerDependencies } from './dependencies.ts'
import { replyWithError } from './errors.ts'
import { createFaultLog } from './fault-log.ts'
import { healthRoutes, shareStatus } from './health.ts'
import { pageRoutes } from './pages.ts'
import { RequestLog } from './request-log.ts'
import { cutSlowReaders } from './slow-readers.ts'
import { sandboxStored } from './stored-content.ts'
import { requireUnambiguous } from './unambiguous.ts'
import { versionHeader } from './version.ts'
import { methodNotAllowed } from './xapi/resource.ts'
import { refuseMethod, xapiRoutes } from './xapi/routes.ts'

/** Path in front of which a proxy hangs the server, from RALPH_RUNSERVER_PUBLIC_URL; '' without one. */
const prefixOf = ({ publicUrl }: ServerSettings): string =>
  publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '')

const withoutPrefix = (url: string, prefix: string): string =>
  prefix !== '' && url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url

/** An endpoint that ends in `/` and a resource that begins with one: clients put them together as they are. */
const withoutDoubledSlashes = (url: string): string => {
  if (!url.startsWith('/') || !url.includes('//')) return url
  const [path = '', ...query] = url.split('?')
  return [path.replace(/\/{2,}/g, '/'), ...query].join('?')
}

const rulesOf = (settings: ServerSettings): LrsRules => ({
  maxSearchHits: settings.maxSearchHits,
  maxStatements: settings.maxStatements,
  maxStatementSize: settings.maxStatementSize,
  maxStatementKeys: settings.maxStatementKeys,
  maxStatementDepth: settings.maxStatementDepth,
  maxInheritedTerms: settings.maxInheritedTerms,
  maxDocumentSize: settings.maxBodySize,
  maxDocumentKeys: settings.maxDocumentKeys,
  restrictByAuthority: settings.restrictByAuthority,
  restrictByScopes: settings.restrictByScopes,
  ignoreUnknownParameters: settings.ignoreUnknownParameters,
  trustedKeys: settings.signatureKeys === undefined ? [] : parseTrustedKeys(settings.signatureKeys)
})

/**
 * The whole HTTP server, not listening yet. In order: what holds for every request, then who is asking, then xAPI,
 * then what surrounds it.
 */
export const buildServer = async (dependencies: ServerDependencies): Promise<FastifyInstance> => {
  const { settings } = dependencies
  const prefix = prefixOf(settings)
  const { logger } = dependencies
  const requests = new RequestLog(logger, settings.accessLog)
  const { challenges } = dependencies.authenticators
  const replying = { limit: settings.maxBodySize, faults: createFaultLog(logger), challenges }
  const server: FastifyInstance = fastify({
    // Fastify says nothing at info that an operator needs to know.
    loggerInstance: logger.level === 'info' ? logger.child({}, { level: 'warn' }) : logger,
    logController: requests,
    bodyLimit: settings.maxBodySize,
    trustProxy: typeof settings.trustProxy === 'boolean' ? settings.trustProxy : [...settings.trustProxy],
    // A proxy may or may not cut the prefix off.
    rewriteUrl: ({ url = '/' }) => withoutPrefix(withoutDoubledSlashes(url), prefix),
    // A client that sends nothing must not hold a connection.
    connectionTimeout: 120_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    ...arrivalOptions(settings),
    clientErrorHandler: replyToClientError(settings),
    frameworkErrors: (error, request, reply) => {
      // What the hooks below would have added.
      reply.header(versionHeader, settings.defaultVersion)
      keepPrivate(reply)
      speakCors(settings, request, reply)
      replyWithError(error, request, reply, replying)
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1000 }
  })

  server.decorateRequest('principal', undefined)
  server.decorateRequest('version', undefined)
  server.addHook('onRequest', async (request, reply) => {
    if (isCut(request.raw.socket)) return reply.hijack()
    reply.header(versionHeader, settings.defaultVersion).header('x-content-type-options', 'nosniff')
    keepPrivate(reply)
    promiseNothing(request, reply)
  })
  allowOrigins(server, settings)
  server.addHook('onRequest', async (request) => {
    requireUnambiguous(request.raw)
    // Before its body is read.
    if (request.is404) refuseUnrouted(request, dependencies)
  })
  // Expectations other than 100-continue may be ignored (RFC 9110 §10.1.1); Node would answer without our headers.
  server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response))
  followAnswers(server.server)
  closeConnectionsAtEnd(server)
  const budget = createBudget({
    limit: settings.maxBytesInFlight,
    setting: 'RALPH_RUNSERVER_MAX_BYTES_IN_FLIGHT',
    what: 'bodies and answers'
  })
  const anonymous = createBudget({
    limit: settings.maxAnonymousBytes,
    setting: 'RALPH_RUNSERVER_MAX_ANONYMOUS_BYTES',
    what: 'forms whose sender is not known yet'
  })
  readBodies(server, {
    maxBodySize: settings.maxBodySize,
    budget,
    patience: settings.waitForRoom * 1000,
    anonymous,
    anonymousTimeout: settings.anonymousTimeout * 1000,
    late: () => late(settings)
  })
  const tallies = [boundConnections(server, settings, logger), cutSlowReaders(server, settings, logger)]
  server.addHook('onClose', async () => {
    for (const each of [requests, replying.faults, ...tallies]) each.close()
  })
  server.setErrorHandler((error, request, reply) => {
    if (error instanceof RalphError && error.code === 'METHOD_NOT_ALLOWED') reply.header('allow', error.details.allow)
    return replyWithError(error, request, reply, replying)
  })
  // For plugins that look for something themselves and do not find it.
  server.setNotFoundHandler(async (request) => refuseUnrouted(request, dependencies))

  const authenticate = authenticateBy(dependencies.authenticators)

  await server.register(
    async (xapi) => {
      xapi.addHook('onRequest', sandboxStored)
      xapi.get('/about', async () => about)
      xapiRoutes(xapi, {
        ...dependencies,
        authenticate,
        budget,
        rules: rulesOf(settings),
        door: {
          moreLink: (cursor) => `${prefix}/xAPI/statements?more=${cursor}`,
          partialSuccessDefault: settings.partialSuccessDefault,
          limits: settings,
          rejected: dependencies.rejected
        }
      })
    },
    { prefix: '/xAPI' }
  )
  const statusOfStore = shareStatus(dependencies.backend, dependencies.logger)
  healthRoutes(server, statusOfStore, authenticate)
  await pageRoutes(server, { ...dependencies, statusOfStore }, prefix)
  return server
}

/** `METHOD_NOT_ALLOWED` where there is something for other methods, else `NOT_FOUND`. */
const refuseUnrouted = ({ url, method, server }: FastifyRequest, dependencies: ServerDependencies): never => {
  const path = (url.split('?', 1)[0] ?? '').replace(/\/$/, '')
  refuseMethod(path, method)
  // What is not a resource of xAPI can only be read.
  // A path that has the signs of a pattern would be taken for one, and no path of ours has them.
  const isPattern = /[:*()]/.test(path)
  const allowed = isPattern ? [] : ['GET', 'HEAD'].filter((each) => server.hasRoute({ url: path, method: each }))
  if (allowed.length > 0) throw methodNotAllowed(path, method, allowed.join(', '))
  const documentation = `${prefixOf(dependencies.settings)}/docs`
  const found = JSON.stringify(path === '' ? '/' : path)
  throw new RalphError('NOT_FOUND', `There is nothing at ${found}. What can be asked is shown at ${documentation}.`)
}
