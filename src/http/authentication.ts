import fastifyBasicAuth from '@fastify/basic-auth'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RalphError } from '../errors.ts'
import type { Authenticator } from '../identity/authenticator.ts'
import type { LoginLog } from './login-log.ts'
import { sourceOf } from './source.ts'

/** Sets `request.principal` from the Authorization header, or rejects with `UNAUTHENTICATED` or `OVERLOADED`. */
export type Authenticate = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/** @fastify/basic-auth reads the header, the authenticator knows the users. */
export const basicAuthentication = async (
  server: FastifyInstance,
  authenticator: Authenticator,
  logins: LoginLog
): Promise<Authenticate> => {
  await server.register(fastifyBasicAuth, {
    validate: async (username, password, request) => {
      const source = sourceOf(request.ip)
      request.principal = await authenticator.verify(username, password, source)
      if (request.principal !== undefined) return
      logins.failed(username, source)
      throw new RalphError('UNAUTHENTICATED', 'Username or password is wrong.')
    }
  })
  return (request, reply) =>
    new Promise((resolve, reject) => {
      server.basicAuth(request, reply, (error) => (error === undefined ? resolve() : reject(error)))
    })
}
