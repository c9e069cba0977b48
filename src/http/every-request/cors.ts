import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { ServerSettings } from '../../settings/settings.ts'
import { varyBy } from '../vary.ts'
import type { ServerContext } from './server-context.ts'

type Origins = ServerSettings['corsAllowOrigins']

/** `https://*.example.com` stands for every host below that one, however deep, and not for `https://example.com`. */
const matches = (pattern: string, origin: string): boolean => {
  const [scheme = '', host] = pattern.split('*.')
  if (host === undefined) return pattern === origin
  if (!origin.startsWith(scheme) || !origin.endsWith(`.${host}`)) return false
  return /^[\w-]+(\.[\w-]+)*$/.test(origin.slice(scheme.length, -host.length - 1))
}

/** Whether the operator named this origin, itself or by its domain: its pages may make use of a user's credentials. */
export const isNamedOrigin = (origins: Origins, origin: string | undefined): origin is string =>
  origin !== undefined && origins.some((each) => each !== '*' && matches(each, origin))

const exposed = [
  ...['ETag', 'Last-Modified', 'Location', 'Retry-After', 'WWW-Authenticate', 'Allow'],
  ...['X-Experience-API-Version', 'X-Experience-API-Consistent-Through'],
  // Of uploads: the protocol tus, and what became of one.
  ...['Tus-Resumable', 'Tus-Version', 'Tus-Extension', 'Tus-Max-Size', 'Tus-Checksum-Algorithm'],
  ...['Upload-Offset', 'Upload-Length', 'Upload-Metadata', 'Upload-Defer-Length', 'Upload-Expires', 'Ralph-Import']
].join(', ')

/**
 * What lets a page of `origin` read an answer (Fetch Standard, "CORS protocol"). `*` never goes with credentials that
 * the browser keeps by itself; those that the page has and sends need none of it.
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

/** Where every page may read, it is the same for all of them. */
const dependsOnOrigin = (origins: Origins): boolean => origins.some((each) => each !== '*')

const allowedMethods = 'GET, HEAD, PUT, POST, PATCH, DELETE'

const usualHeaders = [
  ...['Authorization', 'Content-Type', 'X-Experience-API-Version', 'If-Match', 'If-None-Match'],
  ...['If-Modified-Since', 'Accept-Language']
]

/**
 * Names of headers are not what protects anything here, so a page may send those that it asks for too, such as what a
 * tracing library adds to every request.
 */
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

/** The headers of every answer that has a request, errors included; to be called before anything that may refuse one. */
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
 * CORS for every answer of the server: pages of other origins cannot read one without it, not even why they were
 * refused. @fastify/cors leaves out what is answered before its hook, and answers some OPTIONS in plain text.
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
