import type { FastifyInstance } from 'fastify'
import type { HttpContext, HttpPlugin } from '../plugin.ts'

/** The user of the request, in the form of Python Ralph. */
const whoAmI = (server: FastifyInstance, { authenticate }: HttpContext): void => {
  server.get('/whoami', { onRequest: authenticate }, async ({ principal }) => ({
    agent: principal?.agent,
    scopes: principal?.scopes
  }))
}

type Health = Awaited<ReturnType<HttpContext['health']>>

const isFailing = ({ status: { state } }: Health[number]): boolean => state === 'away' || state === 'error'

/** A detail names hosts and paths, which a client without credentials may not learn. A hint does not. */
const detailOf = (health: Health): string | undefined => {
  const unwell = health.flatMap(({ name, status }) => {
    if (status.state === 'ok') return []
    const told = status.hint ?? 'the log of the server has more'
    return name === 'database' ? told : `${name}: ${told}`
  })
  return unwell.length === 0 ? undefined : unwell.join('; ')
}

/** Whether the server runs, and the status of each part. */
const heartbeats = (server: FastifyInstance, context: HttpContext): void => {
  server.get('/__lbheartbeat__', async (_request, reply) => reply.type('application/json; charset=utf-8').send('null'))
  server.get('/__heartbeat__', async (_request, reply) => {
    const health = await context.health()
    const states = Object.fromEntries(health.map(({ name, status }) => [name, status.state]))
    const detail = detailOf(health)
    reply.status(health.some(isFailing) ? 503 : 200)
    return { ...states, ...(detail === undefined ? {} : { detail }) }
  })
}

/** The routes of Python Ralph that are not xAPI. */
export const health: HttpPlugin = {
  name: 'health',
  prefix: '',
  register: (server, context) => {
    whoAmI(server, context)
    heartbeats(server, context)
  }
}
