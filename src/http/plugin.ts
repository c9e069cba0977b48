import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PartStatus } from '../contracts/part.ts'
import type { Authenticate } from './authentication.ts'
import type { ByteBudget } from './budget.ts'
import type { ServerDependencies } from './dependencies.ts'

/** What the server gives to each plugin. */
export interface HttpContext extends ServerDependencies {
  readonly authenticate: Authenticate
  /** Counts and limits the bytes that all requests and answers in flight hold together. */
  readonly budget: ByteBudget
  /** The status of the store. Callers that ask at about the same time share one question. */
  readonly statusOfStore: () => Promise<PartStatus>
  /** The status of the store, as `database`, and of every other part that runs. */
  readonly health: () => Promise<readonly { readonly name: string; readonly status: PartStatus }[]>
  /** The path under which a proxy shows the server, from RALPH_RUNSERVER_PUBLIC_URL. Empty without one. */
  readonly publicPath: string
}

/**
 * One thing that the server offers over HTTP. Fastify encapsulates it: its hooks, decorators and parsers of bodies apply to its own routes
 * only. A plugin whose routes take a body adds a content-type parser for it: one that reads the body, or one that passes on the stream. The
 * server has no parser. Errors are thrown, and the server answers with them.
 */
export interface HttpPlugin {
  readonly name: string
  /** The path before all its routes. Empty for routes at the root. */
  readonly prefix: string
  register(server: FastifyInstance, context: HttpContext): void | Promise<void>
  /** Adds headers to the answer of every request for this plugin, even if no route accepts the request. */
  readonly addHeaders?: (request: FastifyRequest, reply: FastifyReply) => void
  /**
   * Throws `METHOD_NOT_ALLOWED` if the plugin has something at this path, but Fastify has no route for this method. Without it, the methods
   * GET and HEAD of its routes are named.
   */
  readonly refuseMethod?: (path: string, method: string) => void
}
