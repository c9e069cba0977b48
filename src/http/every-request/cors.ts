import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { ServerSettings } from '../../settings/settings.ts'
import { varyBy } from '../vary.ts'
import type { ServerContext } from './server-context.ts'

type Origins = ServerSettings['corsAllowOrigins']

/** `https://*.example.com` means every host below that domain, at any depth, but not `https://example.com`. */
const matches = (pattern: string, origin: string): boolean => {
  const [scheme = '', host] = pattern.split('*.')
  if (host === undefined) return pattern === origin
  if (!origin.startsWith(scheme) || !origin.endsWith(`.${host}`)) return false
  return /^[\w-]+(\.[\w-]+)*$/.test(origin.slice(scheme.length, -host.length - 1))
}

/** Whether the operator named this origin, by itself or by its domain. Pages of such an origin may use the credentials of a user. */
export const isNamedOrigin = (origins: Origins, origin: string | undefined): origin is string =>
  origin !== undefined && origins.some((each) => each !== '*' && matches(each, origin))

const exposed = [
  ...['ETag', 'Last-Modified', 'Location', 'Retry-After', 'WWW-Authenticate', 'Allow'],
  ...['X-Experience-API-Version', 'X-Experience-API-Consistent-Through'],
  // For uploads: the headers of tus, and the result of an upload.
  ...['Tus-Resumable', 'Tus-Version', 'Tus-Extension', 'Tus-Max-Size', 'Tus-Checksum-Algorithm'],
  ...['Upload-Offset', 'Upload-Length', 'Upload-Metadata', 'Upload-Defer-Length', 'Upload-Expires', 'Ralph-Import']
].join(', ')

/**
 * The headers that let a page of `origin` read an answer (Fetch Standard, "CORS protocol"). `*` is never combined with credentials that the
 * browser keeps. Credentials that the page itself sends need no permission.
 */
export const corsHeaders = (origins: Origins, origin: string | undefined): Readonly<Record<string, string>> => {
  const named = isNamedOrigin(origins, origin)
  if (!named && !origins.includes('*')) return {}
  return {
    'access-control-allow-origin': named ? origin : '*',
    ...(named ? { 'access-control-allow-credentials': 'true' } : {}),
    'access-control-expose-headers': exposed
  }
}

/** If every page may read, the headers are the same for all of them. */
const dependsOnOrigin = (origins: Origins): boolean => origins.some((each) => each !== '*')

const allowedMethods = 'GET, HEAD, PUT, POST, PATCH, DELETE'

const usualHeaders = [
  ...['Authorization', 'Content-Type', 'X-Experience-API-Version', 'If-Match', 'If-None-Match'],
  ...['If-Modified-Since', 'Accept-Language']
]

/** Names of headers protect nothing here. So a page may also send the headers that it asks for, such as those of a tracing library. */
const allowedHeaders = (asked: string | undefined): string => {
  const known = new Set(usualHeaders.map((name) => name.toLowerCase()))
  const others = (asked ?? '').split(',').map((name) => name.trim().toLowerCase())
  return [...usualHeaders, ...others.filter((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !known.has(name))].join(
    ', '
  )
}

/** Seconds for which a browser need not ask again. */
const preflightAge = '600'

const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined

const replyToPreflight = ({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply => {
  varyBy(reply, 'Access-Control-Request-Headers')
  return reply
    .headers({
      'access-control-allow-methods': allowedMethods,
      'access-control-allow-headers': allowedHeaders(headers['access-control-request-headers']),
      'access-control-max-age': preflightAge
    })
    .status(204)
    .send()
}

/** Adds the CORS headers of an answer, errors included. Call it before anything that may refuse the request. */
export const speakCors = (
  { corsAllowOrigins }: Pick<ServerSettings, 'corsAllowOrigins'>,
  request: FastifyRequest,
  reply: FastifyReply
): void => {
  if (corsAllowOrigins.length === 0) return
  if (dependsOnOrigin(corsAllowOrigins)) varyBy(reply, 'Origin')
  reply.headers(corsHeaders(corsAllowOrigins, request.headers.origin))
}

/**
 * CORS for every answer of the server. Without it, pages of other origins cannot read an answer, not even an error. @fastify/cors leaves
 * out what is answered before its hook, and answers some OPTIONS requests in plain text.
 */
export const cors = fastifyPlugin(
  async (server: FastifyInstance, { settings }: ServerContext) => {
    if (settings.corsAllowOrigins.length === 0) return
    server.addHook('onRequest', async (request, reply) => {
      speakCors(settings, request, reply)
      if (isPreflight(request)) return replyToPreflight(request, reply)
      return undefined
    })
  },
  { name: 'cors' }
)
