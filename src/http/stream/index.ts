import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { RalphError } from '../../errors.ts'
import { rulesFor } from '../../identity/principal.ts'
import type { Call } from '../../lrs/call.ts'
import type { Parameters } from '../../lrs/parameters.ts'
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
import { acceptWebSockets, sendOver } from './websocket.ts'

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

/** What only a WebSocket has, because a page cannot set its headers. Undefined: it is not given. */
const takeOwn = (parameters: Parameters): { readonly rest: Parameters; readonly own: ReadonlyMap<string, string> } => {
  const isOwn = (name: string): boolean => name === 'after' || name === 'positions'
  const entries = [...parameters]
  return {
    rest: new Map(entries.filter(([name]) => !isOwn(name))),
    own: new Map(entries.filter(([name]) => isOwn(name)))
  }
}

/** Counts the open streams. */
const countStreams = (most: number): ((reply: FastifyReply) => void) => {
  let open = 0
  return ({ raw }) => {
    if (open >= most) {
      throw new RalphError('OVERLOADED', 'The limit RALPH_RUNSERVER_MAX_STREAMS is reached: connect again later.', {
        setting: 'RALPH_RUNSERVER_MAX_STREAMS',
        retryAfter: 10
      })
    }
    open += 1
    raw.once('close', () => {
      open -= 1
    })
  }
}

/** `GET /xAPI/statements/stream` sends statements as they are stored, by Server-Sent Events or over a WebSocket. */
export const stream: HttpPlugin = {
  name: 'stream',
  prefix: '/xAPI/statements/stream',
  register: (server, context: HttpContext) => {
    const { settings, backend, newId, authenticate, logger } = context
    const rules = lrsRulesOf(settings)
    const stopping = new AbortController()
    const count = countStreams(settings.maxStreams)
    const sockets = acceptWebSockets(server)
    server.decorateRequest('version', undefined)
    // Streams do not end by themselves, so the server must not wait for them.
    server.addHook('preClose', async () => stopping.abort())

    const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      speakVersion(request, reply, settings, request.headers['x-experience-api-version'])
      const isSocket = sockets.isAsked(request)
      const ofPage = isSocket ? sockets.authorizationOf(request) : undefined
      if (ofPage !== undefined) request.headers.authorization = ofPage
      await authenticate(request, reply)
      // Any page may open a WebSocket, and the browser adds the credentials that it keeps.
      if (needsNoPermission(request) || (isSocket && ofPage === undefined)) requireOwnPage(request, settings)
    }

    const openStream = async (request: FastifyRequest, reply: FastifyReply, after: string | undefined) => {
      const principal = requireScope(request, 'statements/read/mine', rules)
      const { version } = request
      if (version === undefined) throw new RalphError('INTERNAL', 'A request was served before its version was known.')
      count(reply)
      const store = await backend.store(principal.target)
      const call: Call = {
        principal,
        version,
        store,
        rules: rulesFor(principal, rules),
        newId,
        signal: hangUpSignal(reply)
      }
      const { rest: parameters, own } = takeOwn(queryOf(request.url, settings))
      // A refused request gets an error answer, not a stream.
      const { query } = readFollowed(parameters, call)
      const begin = await beginOf(call, after ?? own.get('after'), query.since)
      const pages = followStatements(call, parameters, {
        limit: undefined,
        acceptLanguage: request.headers['accept-language'],
        position: begin,
        stop: stopping.signal
      })
      return { begin, pages, withPositions: own.get('positions') === 'true', signal: call.signal }
    }

    const overSocket = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const { signal, ...opened } = await openStream(request, reply, undefined)
      reply.hijack()
      const socket = await sockets.open(request).catch(() => undefined)
      if (socket === undefined) return
      const onCut = (): void =>
        logger.warn(
          'A stream was cut off: its client did not take a message in the ' +
            `${settings.answerTimeout} s of RALPH_RUNSERVER_ANSWER_TIMEOUT`
        )
      const patience = settings.answerTimeout * 1000
      await sendOver(socket, { ...opened, heartbeat, patience, onCut }).catch((error: unknown) => {
        if (!signal.aborted) logger.warn({ err: error }, 'A stream over a WebSocket has failed')
      })
    }

    server.get('/', { onRequest, exposeHeadRoute: false }, async (request, reply) => {
      if (sockets.isAsked(request)) return overSocket(request, reply)
      const given = request.headers['last-event-id']
      const { begin, pages } = await openStream(request, reply, Array.isArray(given) ? given[0] : given)
      const events = streamOfEvents(begin, pages, heartbeat)
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(Readable.from(events, { highWaterMark: 1 }))
    })
  }
}
