import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RalphError } from '../../errors.ts'
import { rulesFor } from '../../identity/principal.ts'
import type { Call, LrsRules } from '../../lrs/call.ts'
import { etagOf, isKnownToReader } from '../../xapi/concurrency.ts'
import { requireScope } from '../authentication.ts'
import { methodNotAllowed } from '../errors.ts'
import type { HttpContext } from '../plugin.ts'
import { letGo, moveShare, shareOf } from '../share.ts'
import { varyBy } from '../vary.ts'
import { expectForm, isAlternate, limitForm, unfoldAlternate } from './alternate-request.ts'
import { promiseConsistency } from './consistency.ts'
import { counted } from './counted-answer.ts'
import { needsNoPermission, requireOwnPage } from './cross-site.ts'
import { hangUpSignal } from './hang-up.ts'
import { type Method, type ParameterLimits, queryOf, type XapiRequest } from './request.ts'
import { type Answer, allowedMethods, type Door, type Operation, operationOf, type Resource } from './resource.ts'
import { resources } from './resources.ts'
import { speakVersion } from './version.ts'

/** What every request to a resource of xAPI needs. */
export interface XapiContext extends HttpContext {
  readonly rules: LrsRules
  readonly door: Door
}

/** Paths with and without a final slash, and every method that an xAPI client may try. */
const everyMethod = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'] as const

export const xapiRoutes = (server: FastifyInstance, context: XapiContext): void => {
  for (const resource of resources) {
    server.route({
      method: [...everyMethod],
      url: resource.path,
      exposeHeadRoute: false,
      onRequest: (request, reply) => authorize(resource, request, reply, context),
      preParsing: async ({ method, url, headers }, _reply, payload) =>
        isAlternate(method, url) && headers['content-length'] === undefined
          ? limitForm(payload, context.settings)
          : payload,
      handler: (request, reply) => serve(resource, request, reply, context)
    })
  }
}

/**
 * Checks version, credentials and method before a body is read. A request in the alternate syntax has these in its form, so it is
 * authorised after the form is read.
 */
const authorize = async (
  resource: Resource,
  request: FastifyRequest,
  reply: FastifyReply,
  context: XapiContext
): Promise<void> => {
  if (isAlternate(request.method, request.url)) return expectForm(request.headers, context.settings)
  speakVersion(request, reply, context.settings, request.headers['x-experience-api-version'])
  await context.authenticate(request, reply)
  if (needsNoPermission(request)) requireOwnPage(request, context.settings)
  await promiseConsistency(request, reply, context.backend)
  operationOf(resource, request.method)
}

const serve = async (
  resource: Resource,
  raw: FastifyRequest,
  reply: FastifyReply,
  context: XapiContext
): Promise<FastifyReply> => {
  const sent = readRequest(raw, context.settings)
  const request = isAlternate(raw.method, raw.url) ? await readAlternate(resource, sent, raw, reply, context) : sent
  if (request !== sent) await promiseConsistency(raw, reply, context.backend)
  const operation = operationOf(resource, request.method)
  const call = await openCall(operation, raw, reply, context)
  const answer = unlessKnown(await operation.answer(call, request, context.door), raw)
  letGo(raw)
  const share = shareOf(raw, reply, context.budget)
  // After a write the answer is always sent: what was stored is stored, and the client must not send it again.
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  // After a client has hung up, nothing would return its bytes to the budget.
  const body = reply.raw.closed ? answer.body : counted(answer.body, isRead ? share.take : share.hold)
  return send(raw, reply, { ...answer, body })
}

const readRequest = (request: FastifyRequest, limits: ParameterLimits): XapiRequest => ({
  // Routes exist only for these methods. Other methods ended as METHOD_NOT_ALLOWED.
  method: request.method as Method,
  parameters: queryOf(request.url, limits),
  header: (name) => {
    const value = request.headers[name]
    return typeof value === 'string' ? value : value?.[0]
  },
  body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
})

const readAlternate = async (
  { alternateContentType }: Resource,
  sent: XapiRequest,
  raw: FastifyRequest,
  reply: FastifyReply,
  context: XapiContext
): Promise<XapiRequest> => {
  // Credentials in the form are of the page that made it. Those of the request may be of the browser.
  const withoutUser = { ...sent, header: (name: string) => (name === 'authorization' ? undefined : sent.header(name)) }
  const request = unfoldAlternate(withoutUser, alternateContentType, context.settings)
  const version = speakVersion(raw, reply, context.settings, request.header('x-experience-api-version'))
  const own = request.header('authorization')
  if (own !== undefined) raw.headers.authorization = own
  await context.authenticate(raw, reply)
  if (own === undefined) requireOwnPage(raw, context.settings)
  moveShare(raw, reply, context.budget, sent.body.length)
  if (version !== '1.0.3') {
    throw new RalphError('MALFORMED_REQUEST', 'xAPI 2.0 has no alternate request syntax.')
  }
  return request
}

const openCall = async (
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  { backend, rules, newId }: XapiContext
): Promise<Call> => {
  const principal = requireScope(request, operation.scope, rules)
  const { version } = request
  if (version === undefined) throw new RalphError('INTERNAL', 'A request was served before its version was known.')
  const store = await backend.store(principal.target)
  return { principal, version, store, rules: rulesFor(principal, rules), newId, signal: hangUpSignal(reply) }
}

/** Every answer to a read has an ETag, lists too. So a browser that must not use its cache unchecked can ask whether it is still valid. */
const withEtag = (answer: Answer): Answer => {
  const { status, headers, body } = answer
  if (status !== 200 || headers?.etag !== undefined) return answer
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return answer
  return { ...answer, headers: { ...headers, etag: `"${etagOf(Buffer.from(body))}"` } }
}

/**
 * Answers 304 if the client already has this answer (RFC 9110 §13.2.2). Not in the alternate syntax: it is a POST, and no cache keeps its
 * answer. If-Modified-Since alone is not enough: two changes may happen within one second, and a list that lost a voided statement has no
 * newer one.
 */
const unlessKnown = (answer: Answer, { method, headers }: FastifyRequest): Answer => {
  if (method !== 'GET' && method !== 'HEAD') return answer
  const tagged = withEtag(answer)
  const etag = tagged.headers?.etag
  if (etag === undefined || !isKnownToReader(headers['if-none-match'], etag)) return tagged
  const modified = tagged.headers?.['last-modified']
  return {
    ...tagged,
    status: 304,
    headers: { etag, ...(modified === undefined ? {} : { 'last-modified': modified }) },
    body: undefined
  }
}

const send = (request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply => {
  const { status, headers, body, variesBy } = answer
  reply.status(status)
  if (headers !== undefined) reply.headers(headers)
  for (const name of variesBy ?? []) varyBy(reply, name)
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return reply.send(body)
  if (body.length !== undefined) reply.header('content-length', body.length)
  // HEAD sends no body, so the body is not read.
  if (request.method === 'HEAD') return reply.send()
  // The next piece is read only when the connection has taken the previous one.
  return reply.send(Readable.from(body.pieces, { highWaterMark: 0 }))
}

/** Throws the error for a method for which Fastify has no route. */
export const refuseMethod = (path: string, method: string): void => {
  const resource = resources.find((each) => `/xAPI${each.path}` === path)
  if (resource === undefined) return
  throw methodNotAllowed(resource.path, method, allowedMethods(resource))
}
