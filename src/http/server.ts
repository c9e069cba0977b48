import fastify, { type FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { ServerDependencies } from './dependencies.ts'
import { everyRequest } from './every-request/index.ts'
import { createServerContext } from './every-request/server-context.ts'
import type { HttpContext, HttpPlugin } from './plugin.ts'
import { plugins as shipped } from './plugins.ts'
import { serverOptions } from './server-options.ts'

/** The plugin as Fastify registers it: with its name, in its own scope. */
const encapsulated = ({ name, register }: HttpPlugin, context: HttpContext) =>
  fastifyPlugin(async (scope: FastifyInstance) => register(scope, context), { name, encapsulate: true })

/** The whole HTTP server, not listening yet: first what applies to every request, then the plugins, each encapsulated. */
export const buildServer = async (
  dependencies: ServerDependencies,
  plugins: readonly HttpPlugin[] = shipped
): Promise<FastifyInstance> => {
  const context = createServerContext(dependencies, plugins)
  const server: FastifyInstance = fastify(serverOptions(context))
  for (const plugin of everyRequest) await server.register(plugin, context)
  for (const plugin of plugins) await server.register(encapsulated(plugin, context), { prefix: plugin.prefix })
  return server
}
