import fastifyBasicAuth from '@fastify/basic-auth'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { RalphError } from '../errors.ts'
import type { Login } from '../identity/authenticator.ts'
import type { AuthenticatorChain } from '../identity/chain.ts'
import { type Principal, requireAdministrator, requireScopeOf, type Scope } from '../identity/principal.ts'
import { sourceOf } from './source.ts'

/** Sets `request.principal` from the credentials of the request. Rejects with `UNAUTHENTICATED` or `OVERLOADED`. */
export type Authenticate = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/** @fastify/basic-auth reads the header of HTTP Basic authentication. The authenticators of `identity` know the users. */
export const readLogins = fastifyPlugin(
  async (server: FastifyInstance) => {
    server.decorateRequest('login', undefined)
    await server.register(fastifyBasicAuth, {
      validate: async (username, password, request) => {
        request.login = { username, password }
      }
    })
  },
  { name: 'read-logins' }
)

/** Undefined if the header is not HTTP Basic authentication. Another authenticator may recognise it. */
const loginOf = (request: FastifyRequest, reply: FastifyReply): Promise<Login | undefined> =>
  new Promise((resolve) => {
    request.server.basicAuth(request, reply, (error) => resolve(error === undefined ? request.login : undefined))
  })

export const authenticateBy =
  ({ authenticate }: AuthenticatorChain): Authenticate =>
  async (request, reply) => {
    const { authorization, origin } = request.headers
    const login = authorization === undefined ? undefined : await loginOf(request, reply)
    request.principal = await authenticate({
      authorization,
      login,
      source: sourceOf(request.ip),
      address: request.ip,
      origin
    })
  }

const principalOf = ({ principal }: FastifyRequest): Principal => {
  if (principal === undefined) throw new RalphError('INTERNAL', 'A request was served before it was authorized.')
  return principal
}

/** The user of an authenticated request, who may do everything. Throws `FORBIDDEN`. */
export const administratorOf = (request: FastifyRequest): Principal => {
  const principal = principalOf(request)
  requireAdministrator(principal)
  return principal
}

/** The user of an authenticated request. Where scopes are enforced, the user has the scope. Throws `FORBIDDEN`. */
export const requireScope = (
  request: FastifyRequest,
  scope: Scope,
  restrictions: { readonly restrictByScopes: boolean }
): Principal => {
  const principal = principalOf(request)
  requireScopeOf(principal, scope, restrictions)
  return principal
}
