import type { FastifyInstance } from 'fastify'
import type { Log } from '../contracts/log.ts'
import type { BackendStatus, LrsBackend } from '../contracts/lrs-backend.ts'
import type { Authenticate } from './authentication.ts'

/** Anybody may ask, and as often as they like: the store is asked no more than once in so many milliseconds. */
const freshFor = 1000

/** How the store is, asked once for all who want to know at about the same time. The log hears of every change. */
export const shareStatus = (backend: LrsBackend, log: Log): (() => Promise<BackendStatus>) => {
  let asking: Promise<BackendStatus> | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let known: BackendStatus = { state: 'ok' }

  const tell = (found: BackendStatus): void => {
    if (found.state === 'ok' && known.state !== 'ok') log.info('The store is well again')
    if (found.state !== 'ok' && (known.state === 'ok' || known.detail !== found.detail)) {
      log.warn(`The store is not well (${found.state}): ${found.detail}`)
    }
    known = found
  }

  const ask = async (): Promise<BackendStatus> => {
    askedAt = performance.now()
    try {
      const found = await backend.status()
      tell(found)
      return found
    } finally {
      asking = undefined
    }
  }

  return () => {
    if (asking === undefined && performance.now() - askedAt < freshFor) return Promise.resolve(known)
    asking ??= ask()
    return asking
  }
}

/** Ralph's routes beside xAPI: who am I, does the server run, does its store. */
export const healthRoutes = (
  server: FastifyInstance,
  statusOfStore: () => Promise<BackendStatus>,
  authenticate: Authenticate
): void => {
  server.get('/whoami', { onRequest: authenticate }, async ({ principal }) => ({
    agent: principal?.agent,
    scopes: principal?.scopes
  }))
  server.get('/__lbheartbeat__', async (_request, reply) => reply.type('application/json; charset=utf-8').send('null'))
  server.get('/__heartbeat__', async (_request, reply) => {
    const status = await statusOfStore()
    if (status.state === 'ok') return { database: 'ok' }
    // The detail names hosts and paths, which are nobody's business who asks without credentials.
    const detail = status.hint ?? 'the log of the server says more'
    return reply.status(503).send({ database: status.state, detail })
  })
}
