import type { FastifyRequest } from 'fastify'
import { RalphError } from '../../errors.ts'
import type { ServerSettings } from '../../settings/settings.ts'
import { mediaType } from '../../xapi/media-type.ts'
import { isNamedOrigin } from '../every-request/cors.ts'

/** The types of body that a page of any site may send without asking the server first (Fetch Standard, CORS-safelisted). */
const simpleTypes: ReadonlySet<string> = new Set([
  '',
  'text/plain',
  'multipart/form-data',
  'application/x-www-form-urlencoded'
])

/** Whether a form on any page could have sent it. Before anything else, browsers ask for permission (CORS). */
export const needsNoPermission = ({ method, headers }: FastifyRequest): boolean =>
  method === 'POST' &&
  headers['x-experience-api-version'] === undefined &&
  simpleTypes.has(mediaType(headers['content-type'] ?? ''))

const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined)

const isOwn = ({ headers }: FastifyRequest, { publicUrl }: ServerSettings): boolean => {
  const site = headers['sec-fetch-site']
  // Browsers send this header if the server uses https or runs on this machine. Otherwise they send only the origin.
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  if (headers.origin === undefined) return true
  const host = hostOf(headers.origin)
  return host !== undefined && (host === headers.host || (publicUrl !== undefined && host === hostOf(publicUrl)))
}

/**
 * Prevents that a page of another site uses the credentials that a browser keeps and sends by itself. Credentials in the form of the
 * alternate syntax belong to the page. Throws `FORBIDDEN` unless the operator allows the origin.
 */
export const requireOwnPage = (request: FastifyRequest, settings: ServerSettings): void => {
  const { origin } = request.headers
  if (isOwn(request, settings)) return
  if (isNamedOrigin(settings.corsAllowOrigins, origin)) return
  throw new RalphError(
    'FORBIDDEN',
    'A page of another site sent this request with credentials that the browser keeps. Allow its origin by RALPH_RUNSERVER_CORS_ALLOW_ORIGINS, or send the credentials in the form.',
    { origin, setting: 'RALPH_RUNSERVER_CORS_ALLOW_ORIGINS' }
  )
}
