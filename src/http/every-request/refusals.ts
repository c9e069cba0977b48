import type { FastifyInstance, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { RalphError } from '../../errors.ts'
import { methodNotAllowed } from '../errors.ts'
import type { ServerContext } from './server-context.ts'
import { requireUnambiguous } from './unambiguous.ts'

/** Throws `METHOD_NOT_ALLOWED` if the path exists for other methods, otherwise `NOT_FOUND`. */
const refuseUnrouted = ({ url, method, server }: FastifyRequest, { plugins, publicPath }: ServerContext): never => {
  const path = (url.split('?', 1)[0] ?? '').replace(/\/$/, '')
  for (const { refuseMethod } of plugins) refuseMethod?.(path, method)
  // A path with the characters of a pattern would be read as a pattern. No path of ours has them.
  const isPattern = /[:*()]/.test(path)
  const allowed = isPattern ? [] : ['GET', 'HEAD'].filter((each) => server.hasRoute({ url: path, method: each }))
  if (allowed.length > 0) throw methodNotAllowed(path, method, allowed.join(', '))
  const found = JSON.stringify(path === '' ? '/' : path)
  throw new RalphError('NOT_FOUND', `There is nothing at ${found}. ${publicPath}/docs lists all requests.`)
}

/** Refuses an ambiguous request, and one that no route accepts, before its body is read. */
export const refusals = fastifyPlugin(
  async (server: FastifyInstance, context: ServerContext) => {
    server.addHook('onRequest', async (request) => {
      requireUnambiguous(request.raw)
      if (request.is404) refuseUnrouted(request, context)
    })
    // For plugins that look something up themselves and do not find it.
    server.setNotFoundHandler(async (request) => refuseUnrouted(request, context))
  },
  { name: 'refusals' }
)
