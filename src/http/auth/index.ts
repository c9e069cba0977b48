import type { FastifyInstance } from 'fastify'
import type { Access } from '../../identity/access/open.ts'
import { administratorOf } from '../authentication.ts'
import { jsonIn, readJsonBodies } from '../json-body.ts'
import type { HttpContext, HttpPlugin } from '../plugin.ts'
import { needsNoPermission, requireOwnPage } from '../xapi/cross-site.ts'

/** Bytes. A key with a hundred addresses and origins has fewer. */
const largestBody = 2 ** 16

const routes = (
  server: FastifyInstance,
  { keys }: Access,
  { authenticate, settings, publicPath }: HttpContext
): void => {
  readJsonBodies(server)
  server.addHook('onRequest', authenticate)
  server.addHook('onRequest', async (request) => {
    if (needsNoPermission(request)) requireOwnPage(request, settings)
  })
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

/** Keys of programs. Only who may do everything makes, sees and revokes them. */
export const auth: HttpPlugin = {
  name: 'auth',
  prefix: '/auth',
  register: (server, context) => {
    if (context.access !== undefined) routes(server, context.access, context)
  }
}
