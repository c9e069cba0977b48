import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { hostname } from 'node:os'
import { json } from 'node:stream/consumers'
import type { LoggerSettings } from '../../settings/logger.ts'
import { readRecord } from '../records.ts'
import type { LineReceiver } from './hook.ts'

type Options = Pick<LoggerSettings, 'endpoints' | 'username' | 'password' | 'authority' | 'index'>

/** Milliseconds without an answer. */
const patience = 10_000

const create = `${JSON.stringify({ create: {} })}\n`

/** The fields are those of Elastic Common Schema; `labels` has texts only, so that no line contradicts the mapping of another. */
const documentOf = (line: string): string => {
  const { time, level, message, details } = readRecord(line)
  const fields = {
    '@timestamp': time.toISOString(),
    message,
    log: { level },
    host: { name: hostname() },
    service: { name: 'ralph' },
    labels: details
  }
  return `${create}${JSON.stringify(fields)}\n`
}

interface BulkItem {
  readonly create?: { readonly status?: number }
}

const itemsOf = (answer: unknown): readonly BulkItem[] => {
  const items = typeof answer === 'object' && answer !== null && 'items' in answer ? answer.items : undefined
  return Array.isArray(items) ? items : []
}

/** How many lines were refused for good. Throws when all of them should be sent again. */
const refusedOf = (status: number, answer: unknown): number => {
  if (status !== 200) throw new Error(`it answers ${status}`)
  const statuses = itemsOf(answer).map((item) => item.create?.status ?? 0)
  // Lines that were written would come twice if only some are refused for a while: they count as lost.
  if (statuses.length > 0 && statuses.every((each) => each === 429 || each >= 500)) {
    throw new Error(`it answers ${statuses[0]}`)
  }
  return statuses.filter((each) => each < 200 || each > 299).length
}

export const elasticSearchReceiver = ({ endpoints, username, password, authority, index }: Options): LineReceiver => {
  const usual = authority === undefined ? 'http' : 'https'
  const urls = endpoints.map(
    (each) => new URL(`${each.includes('://') ? each : `${usual}://${each}`}/${encodeURIComponent(index)}/_bulk`)
  )
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 1 }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 1, ...(authority === undefined ? {} : { ca: authority }) })
  }
  const authorization =
    username === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
  let turn = 0

  const post = (url: URL, body: Buffer): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const isHttps = url.protocol === 'https:'
      const headers = { 'content-type': 'application/x-ndjson', 'content-length': body.length, ...authorization }
      const options = { method: 'POST', headers, timeout: patience, agent: isHttps ? agents.https : agents.http }
      const request = isHttps ? requestHttps(url, options, resolve) : requestHttp(url, options, resolve)
      request.on('timeout', () => request.destroy(new Error('it does not answer')))
      request.on('error', reject)
      request.end(body)
    })

  return {
    place: urls.map(({ origin }) => origin).join(', '),
    send: async (lines) => {
      const url = urls[turn % urls.length]
      if (url === undefined) return lines.length
      turn += 1
      const response = await post(url, Buffer.from(lines.map(documentOf).join('')))
      const answer = await json(response).catch(() => undefined)
      return refusedOf(response.statusCode ?? 0, answer)
    },
    close: () => {
      agents.http.destroy()
      agents.https.destroy()
    }
  }
}
