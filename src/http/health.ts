import type { FastifyInstance } from 'fastify'
import type { Authenticate } from './authentication.ts'
import type { ServerDependencies } from './dependencies.ts'
import { hangUpSignal } from './hang-up.ts'

/** Ralph's routes beside xAPI: who am I, does the server run, does its store. */
export const healthRoutes = (
  server: FastifyInstance,
  { backend }: ServerDependencies,
  authenticate: Authenticate
): void => {
  server.get('/whoami', { onRequest: authenticate }, async ({ asker }) => ({
    agent: asker?.agent,
    scopes: asker?.scopes
  }))
  server.get('/__lbheartbeat__', async (_request, reply) => reply.type('application/json; charset=utf-8').send('null'))
  server.get('/__heartbeat__', async (_request, reply) => {
    const status = await backend.status({ signal: hangUpSignal(reply) })
    if (status.state === 'ok') return { database: 'ok' }
    return reply.status(503).send({ database: status.state, detail: status.detail })
  })
}
