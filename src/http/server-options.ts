import type { IncomingMessage } from 'node:http'
import type { FastifyServerOptions } from 'fastify'
import { replyWithError } from './errors.ts'
import { keepPrivate, versionHeader } from './every-request/answer-headers.ts'
import { replyToClientError } from './every-request/client-error.ts'
import { speakCors } from './every-request/cors.ts'
import type { ServerContext } from './every-request/server-context.ts'

/** Milliseconds within which the head of a request must arrive. */
const headTimeout = 60_000
/** Milliseconds between two checks by Node for late requests. */
const look = 30_000

/** The time limits of a request, and the size limit of its head. */
const arrivalOptions = ({ settings: { requestTimeout, maxHeaderSize } }: ServerContext) => {
  const whole = requestTimeout * 1000
  return {
    requestTimeout: whole,
    http: {
      // Other upgrades, such as h2c, are passed over: the request is served as it is (RFC 9110 §7.8).
      shouldUpgradeCallback: ({ method, headers }: IncomingMessage) =>
        method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket',
      // Node would refuse a request without Host with its own message.
      requireHostHeader: false,
      maxHeaderSize,
      headersTimeout: Math.min(headTimeout, whole),
      connectionsCheckingInterval: Math.min(look, Math.ceil(whole / 4))
    }
  }
}

const withoutPrefix = (url: string, prefix: string): string =>
  prefix !== '' && url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url

/** A target may contain the host before its path (RFC 9112 §3.2.2). It is handled like the path alone. */
const withoutHost = (url: string): string => {
  const [whole] = /^https?:\/\/[^/?#]*/i.exec(url) ?? []
  if (whole === undefined) return url
  const path = url.slice(whole.length)
  return path.startsWith('/') ? path : `/${path}`
}

/** Some clients join an endpoint that ends in `/` and a resource that begins with `/`. */
const withoutDoubledSlashes = (url: string): string => {
  if (!url.startsWith('/') || !url.includes('//')) return url
  const [path = '', ...query] = url.split('?')
  return [path.replace(/\/{2,}/g, '/'), ...query].join('?')
}

/** The options that Fastify needs when the server is made. A plugin cannot set them. */
export const serverOptions = (context: ServerContext): FastifyServerOptions => {
  const { settings, logger, publicPath, requests, replying } = context
  return {
    // The info lines of Fastify say nothing that an operator needs.
    loggerInstance: logger.level === 'info' ? logger.child({}, { level: 'warn' }) : logger,
    logController: requests,
    bodyLimit: settings.maxBodySize,
    trustProxy: typeof settings.trustProxy === 'boolean' ? settings.trustProxy : [...settings.trustProxy],
    // A proxy may remove the prefix or not.
    rewriteUrl: ({ url = '/' }) => withoutPrefix(withoutDoubledSlashes(withoutHost(url)), publicPath),
    // A client that sends nothing must not hold a connection.
    connectionTimeout: 120_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    ...arrivalOptions(context),
    clientErrorHandler: replyToClientError(settings),
    frameworkErrors: (error, request, reply) => {
      // The hooks of the server have not run here.
      reply.header(versionHeader, settings.defaultVersion)
      keepPrivate(reply)
      speakCors(settings, request, reply)
      replyWithError(error, request, reply, replying)
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1000 }
  }
}
