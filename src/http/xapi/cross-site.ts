import type { FastifyRequest } from 'fastify'
import { RalphError } from '../../errors.ts'
import type { ServerSettings } from '../../settings/settings.ts'
import { mediaType } from '../../xapi/media-type.ts'
import { isNamedOrigin } from '../every-request/cors.ts'

/** Types of a body that a page of any site may send without asking the server first (Fetch Standard, CORS-safelisted). */
const simpleTypes: ReadonlySet<string> = new Set([
  '',
  'text/plain',
  'multipart/form-data',
  'application/x-www-form-urlencoded'
])

/** Whether a form on any page could have sent it; browsers ask for permission (CORS) before they send anything else. */
export const needsNoPermission = ({ method, headers }: FastifyRequest): boolean =>
  method === 'POST' &&
  headers['x-experience-api-version'] === undefined &&
  simpleTypes.has(mediaType(headers['content-type'] ?? ''))

const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined)

const isOwn = ({ headers }: FastifyRequest, { publicUrl }: ServerSettings): boolean => {
  const site = headers['sec-fetch-site']
  // Browsers say so where the server is on https or on this machine; elsewhere they send the origin alone.
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  if (headers.origin === undefined) return true
  const host = hostOf(headers.origin)
  return host !== undefined && (host === headers.host || (publicUrl !== undefined && host === hostOf(publicUrl)))
}

/**
 * Lets no page of another site act with the credentials that a browser remembers and sends by itself. Those that a page
 * puts into the form of the alternate syntax are its own. `FORBIDDEN` unless the operator allows the origin.
 */
export const requireOwnPage = (request: FastifyRequest, settings: ServerSettings): void => {
  const { origin } = request.headers
  if (isOwn(request, settings)) return
  if (isNamedOrigin(settings.corsAllowOrigins, origin)) return
  throw new RalphError(
    'FORBIDDEN',
    'A page of another site has sent this with credentials that the browser keeps: allow its origin by RALPH_RUNSERVER_CORS_ALLOW_ORIGINS, or send the credentials in the form.',
    { origin, setting: 'RALPH_RUNSERVER_CORS_ALLOW_ORIGINS' }
  )
}
