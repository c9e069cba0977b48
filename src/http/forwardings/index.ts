import type { FastifyInstance } from 'fastify'
import type { Forwardings, RefusedStatement } from '../../contracts/forwardings.ts'
import { RalphError } from '../../errors.ts'
import { administratorOf } from '../authentication.ts'
import { readJsonBodies } from '../json-body.ts'
import type { HttpContext, HttpPlugin } from '../plugin.ts'
import { needsNoPermission, requireOwnPage } from '../xapi/cross-site.ts'
import { hangUpSignal } from '../xapi/hang-up.ts'

/** The most dead letters in one answer. */
const mostListed = 1000

interface LetterQuery {
  readonly limit?: string
  readonly after?: string
}

const limitIn = (value: string | undefined): number => {
  if (value === undefined) return 100
  const limit = Number(value)
  if (Number.isInteger(limit) && limit > 0) return Math.min(limit, mostListed)
  throw new RalphError('INVALID_PARAMETER', 'Parameter "limit" must be a whole number, at least 1.', {
    parameter: 'limit'
  })
}

/** `target/id`, or `/id` for the default target. */
const cursorOf = ({ target = '', id }: RefusedStatement): string => `${target}/${id}`

const afterIn = (value: string | undefined): Pick<RefusedStatement, 'id' | 'target'> | undefined => {
  if (value === undefined) return undefined
  const [, target = '', id] = /^([^/]*)\/(.+)$/.exec(value) ?? []
  if (id !== undefined) return target === '' ? { id } : { id, target }
  throw new RalphError('INVALID_PARAMETER', 'Parameter "after" must be the value in "more" of an answer.', {
    parameter: 'after'
  })
}

/** `{"ids": […]}`, or no body for all of them. */
const idsIn = (body: unknown): readonly string[] | undefined => {
  if (body === undefined || body === null || body === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(String(body))
  } catch (cause) {
    throw new RalphError('INVALID_JSON', 'The body is not valid JSON: expected {"ids": ["…"]}.', {}, { cause })
  }
  const { ids }: { readonly ids?: unknown } = typeof value === 'object' && value !== null ? value : {}
  if (ids === undefined) return undefined
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids.map((id) => id.toLowerCase())
  throw new RalphError('INVALID_PARAMETER', 'The body may only have "ids", a list of ids of statements.', {
    parameter: 'ids'
  })
}

const routes = (
  server: FastifyInstance,
  forwardings: Forwardings,
  { authenticate, settings, publicPath }: HttpContext
): void => {
  readJsonBodies(server)
  server.addHook('onRequest', authenticate)
  server.addHook('onRequest', async (request) => {
    if (needsNoPermission(request)) requireOwnPage(request, settings)
    // A forwarding shows the statements of all users, so it needs the scope `all` even if scopes are not enforced.
    administratorOf(request)
  })
  server.get('/', async () => ({ forwardings: await forwardings.status() }))
  server.get<{ Params: { name: string }; Querystring: LetterQuery }>('/:name/dead-letters', async (request) => {
    const { name } = request.params
    const limit = limitIn(request.query.limit)
    // One more than requested, to know whether there is a next page.
    const found = await forwardings.deadLetters(name, { after: afterIn(request.query.after), limit: limit + 1 })
    const deadLetters = found.slice(0, limit)
    const last = found.length > limit ? deadLetters.at(-1) : undefined
    if (last === undefined) return { deadLetters }
    const next = new URLSearchParams({ limit: String(limit), after: cursorOf(last) })
    return { deadLetters, more: `${publicPath}/forwardings/${name}/dead-letters?${next}` }
  })
  server.post<{ Params: { name: string } }>('/:name/replay', async (request, reply) =>
    forwardings.replay(request.params.name, idsIn(request.body), hangUpSignal(reply))
  )
  server.post<{ Params: { name: string } }>('/:name/discard', async (request) => {
    const ids = idsIn(request.body)
    if (ids !== undefined) return { discarded: await forwardings.discard(request.params.name, ids) }
    throw new RalphError('INVALID_PARAMETER', 'The body must have "ids", a list of ids of statements.', {
      parameter: 'ids'
    })
  })
}

/** The status of forwardings, their dead letters, and sending these again. Without forwardings the paths do not exist. */
export const forwardings: HttpPlugin = {
  name: 'forwardings',
  prefix: '/forwardings',
  register: (server, context) => {
    if (context.forwardings !== undefined) routes(server, context.forwardings, context)
  }
}
