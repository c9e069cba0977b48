import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { codeOf, messageOf, RalphError } from '../../errors.ts'
import type { MetricsSettings } from '../../settings/metrics.ts'
import type { Metrics } from './metrics.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares texts in a time that says nothing of them. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other))

const refuse = (response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(`${status}\n`)
}

const answer = async (
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
  { token, metrics }: { readonly token: string | undefined; readonly metrics: Metrics }
): Promise<void> => {
  if (url.split('?', 1)[0] !== '/metrics') return refuse(response, 404)
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, { allow: 'GET, HEAD' })
  if (token !== undefined && !isSame(headers.authorization ?? '', `Bearer ${token}`)) {
    return refuse(response, 401, { 'www-authenticate': 'Bearer' })
  }
  const text = await metrics.text()
  response.writeHead(200, { 'content-type': metrics.contentType, 'content-length': Buffer.byteLength(text) })
  response.end(method === 'HEAD' ? undefined : text)
}

/** Shows metrics on a port of their own. `ADDRESS_UNAVAILABLE` */
export const serveMetrics = async (
  { host, port, token }: MetricsSettings,
  metrics: Metrics,
  warn: (message: string) => void
): Promise<Server> => {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 75_000 })
  server.maxConnections = 64
  server.on('request', (request, response) => {
    answer(request, response, { token, metrics }).catch((error: unknown) => {
      warn(`Metrics could not be gathered: ${messageOf(error)}`)
      if (response.headersSent) response.destroy()
      else refuse(response, 500)
    })
  })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (error) {
    throw new RalphError(
      'ADDRESS_UNAVAILABLE',
      `Metrics cannot be shown on ${host}:${port} (${codeOf(error) ?? messageOf(error)}): choose another address with --metrics-host and --metrics-port, or RALPH_METRICS__HOST and RALPH_METRICS__PORT`,
      { address: `${host}:${port}` },
      { cause: error }
    )
  }
  return server
}
