import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { RalphError } from '../../errors.ts'
import { rulesFor } from '../../identity/principal.ts'
import type { Call } from '../../lrs/call.ts'
import { followStatements, readFollowed } from '../../lrs/query-statements/stream.ts'
import { lrsRulesOf } from '../../settings/lrs-rules.ts'
import { decodePosition, encodePosition, startAfter } from '../../xapi/position.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { requireScope } from '../authentication.ts'
import type { HttpContext, HttpPlugin } from '../plugin.ts'
import { needsNoPermission, requireOwnPage } from '../xapi/cross-site.ts'
import { hangUpSignal } from '../xapi/hang-up.ts'
import { queryOf } from '../xapi/request.ts'
import { speakVersion } from '../xapi/version.ts'
import { streamOfEvents } from './events.ts'

/** Milliseconds between two keep-alive comments. Proxies cut a connection that is silent for a minute. */
const heartbeat = 15_000

/** Where the stream begins: after what the client has, after `since`, or now. */
const beginOf = async (call: Call, given: string | undefined, since: Micros | undefined): Promise<string> => {
  if (given !== undefined && given !== '') {
    decodePosition(given)
    return given
  }
  return encodePosition(startAfter(since ?? (await call.store.statements.consistentThrough(call))))
}

/** `GET /xAPI/statements/stream` sends statements as they are stored, by Server-Sent Events. */
export const stream: HttpPlugin = {
  name: 'stream',
  prefix: '/xAPI/statements/stream',
  register: (server, context: HttpContext) => {
    const { settings, backend, newId, authenticate } = context
    const rules = lrsRulesOf(settings)
    const stopping = new AbortController()
    let open = 0
    server.decorateRequest('version', undefined)
    // Streams do not end by themselves, so the server must not wait for them.
    server.addHook('preClose', async () => stopping.abort())

    const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      speakVersion(request, reply, settings, request.headers['x-experience-api-version'])
      await authenticate(request, reply)
      if (needsNoPermission(request)) requireOwnPage(request, settings)
    }

    server.get('/', { onRequest, exposeHeadRoute: false }, async (request, reply) => {
      const principal = requireScope(request, 'statements/read/mine', rules)
      const { version } = request
      if (version === undefined) throw new RalphError('INTERNAL', 'A request was served before its version was known.')
      if (open >= settings.maxStreams) {
        throw new RalphError('OVERLOADED', 'The limit RALPH_RUNSERVER_MAX_STREAMS is reached: connect again later.', {
          setting: 'RALPH_RUNSERVER_MAX_STREAMS',
          retryAfter: 10
        })
      }
      open += 1
      reply.raw.once('close', () => {
        open -= 1
      })
      const store = await backend.store(principal.target)
      const call: Call = {
        principal,
        version,
        store,
        rules: rulesFor(principal, rules),
        newId,
        signal: hangUpSignal(reply)
      }
      const parameters = queryOf(request.url, settings)
      // A refused request gets an error answer, not a stream.
      const { query } = readFollowed(parameters, call)
      const given = request.headers['last-event-id']
      const position = await beginOf(call, Array.isArray(given) ? given[0] : given, query.since)
      const pages = followStatements(call, parameters, {
        limit: undefined,
        acceptLanguage: request.headers['accept-language'],
        position,
        stop: stopping.signal
      })
      const events = streamOfEvents(position, pages, heartbeat)
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(Readable.from(events, { highWaterMark: 1 }))
    })
  }
}
