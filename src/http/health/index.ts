import type { FastifyInstance } from 'fastify'
import type { HttpContext, HttpPlugin } from '../plugin.ts'

/** The user who asks, as Python Ralph tells it. */
const whoAmI = (server: FastifyInstance, { authenticate }: HttpContext): void => {
  server.get('/whoami', { onRequest: authenticate }, async ({ principal }) => ({
    agent: principal?.agent,
    scopes: principal?.scopes
  }))
}

/** Whether the server runs, and whether its store does. */
const heartbeats = (server: FastifyInstance, { statusOfStore }: HttpContext): void => {
  server.get('/__lbheartbeat__', async (_request, reply) => reply.type('application/json; charset=utf-8').send('null'))
  server.get('/__heartbeat__', async (_request, reply) => {
    const status = await statusOfStore()
    if (status.state === 'ok') return { database: 'ok' }
    // The detail names hosts and paths, which no client without credentials may learn.
    const detail = status.hint ?? 'the log of the server says more'
    return reply.status(503).send({ database: status.state, detail })
  })
}

/** Python Ralph's routes beside xAPI. */
export const health: HttpPlugin = {
  name: 'health',
  prefix: '',
  register: (server, context) => {
    whoAmI(server, context)
    heartbeats(server, context)
  }
}
