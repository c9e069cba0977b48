import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Access } from '../../identity/access/open.ts'
import { administratorOf, requireScope } from '../authentication.ts'
import { methodNotAllowed } from '../errors.ts'
import { jsonIn, readJsonBodies } from '../json-body.ts'
import type { HttpContext, HttpPlugin } from '../plugin.ts'
import { sourceOf } from '../source.ts'
import { needsNoPermission, requireOwnPage } from '../xapi/cross-site.ts'

/** Bytes. A key with a hundred addresses and origins has fewer. */
const largestBody = 2 ** 16

/** Where a client reaches this server. */
const baseOf = ({ protocol, host }: FastifyRequest, { settings: { publicUrl } }: HttpContext): string =>
  publicUrl?.replace(/\/$/, '') ?? `${protocol}://${host}`

const keyRoutes = (server: FastifyInstance, { keys }: Access, { publicPath }: HttpContext): void => {
  server.get('/keys', async (request) => ({ keys: await keys.list(administratorOf(request)) }))
  server.post('/keys', { bodyLimit: largestBody }, async (request, reply) => {
    const administrator = administratorOf(request)
    const key = await keys.create(jsonIn(request.body, '{"label": "…", "scopes": ["…"]}'), administrator)
    return reply.status(201).header('location', `${publicPath}/auth/keys/${key.id}`).send(key)
  })
  server.delete<{ Params: { id: string } }>('/keys/:id', async (request, reply) => {
    await keys.revoke(request.params.id, administratorOf(request))
    return reply.status(204).send()
  })
}

const tokenRoutes = (server: FastifyInstance, { tokens }: Access, context: HttpContext): void => {
  server.post('/tokens', { bodyLimit: largestBody }, async (request, reply) => {
    const principal = requireScope(request, 'statements/write', context.settings)
    const made = await tokens.create(jsonIn(request.body, '{"actor": {…}}'), principal, context.settings)
    if ('token' in made) return reply.status(201).send(made)
    const { code, ...rest } = made
    // In the query, which the log does not have.
    return reply.status(201).send({ ...rest, fetch: `${baseOf(request, context)}/auth/fetch?code=${code}` })
  })
  server.delete<{ Params: { id: string } }>('/tokens/:id', async (request, reply) => {
    await tokens.revoke(request.params.id, requireScope(request, 'statements/write', context.settings))
    return reply.status(204).send()
  })
}

/** The fetch URL of cmi5 §8.2: content has no other credentials yet. Every answer to a POST is 200, and JSON. */
const fetchRoute = (server: FastifyInstance, { tokens }: Access, { logger }: HttpContext): void => {
  // What content sends along does not matter.
  server.addContentTypeParser('*', { parseAs: 'string', bodyLimit: largestBody }, async () => undefined)
  server.post<{ Querystring: { code?: unknown } }>('/fetch', async ({ query: { code }, ip }) => {
    try {
      return await tokens.fetch(typeof code === 'string' ? code : '', sourceOf(ip))
    } catch (error) {
      logger.warn({ err: error }, 'A token of content could not be given')
      return { 'error-code': '3', 'error-text': 'The server cannot give the authorization token now.' }
    }
  })
}

/** Keys of programs, for who may do everything, and tokens of content, for who may send statements. */
export const auth: HttpPlugin = {
  name: 'auth',
  prefix: '/auth',
  refuseMethod: (path, method) => {
    if (path === '/auth/fetch') throw methodNotAllowed(path, method, 'POST')
  },
  register: async (server, context) => {
    const { access, authenticate, settings } = context
    if (access === undefined) return
    await server.register(async (open) => fetchRoute(open, access, context))
    await server.register(async (authenticated) => {
      readJsonBodies(authenticated)
      authenticated.addHook('onRequest', authenticate)
      authenticated.addHook('onRequest', async (request) => {
        if (needsNoPermission(request)) requireOwnPage(request, settings)
      })
      keyRoutes(authenticated, access, context)
      tokenRoutes(authenticated, access, context)
    })
  }
}
