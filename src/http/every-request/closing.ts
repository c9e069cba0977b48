import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'

/** Milliseconds between two checks for idle connections. */
const pause = 50

/**
 * Closes connections when the server is told to stop. Node would wait for a minute, or as long as a client keeps its connection open.
 * Connections that never sent a request (browsers and probes open them in advance) are closed at once. Those with a request are closed
 * after the answer.
 */
export const closing = fastifyPlugin(
  async (server: FastifyInstance) => {
    const silent = new Set<Socket>()
    let interval: NodeJS.Timeout | undefined
    server.server.on('connection', (socket) => {
      if (interval !== undefined) {
        socket.destroy()
        return
      }
      silent.add(socket)
      socket.once('close', () => silent.delete(socket))
    })
    server.server.on('request', ({ socket }) => silent.delete(socket))
    server.addHook('onSend', (_request, reply, payload, done) => {
      if (interval !== undefined) reply.header('connection', 'close')
      done(null, payload)
    })
    server.addHook('preClose', async () => {
      // An answer that was being sent may have promised already that the connection stays open.
      interval = setInterval(() => server.server.closeIdleConnections(), pause)
      for (const socket of silent) socket.destroy()
    })
    // Fastify calls this after the last connection is closed.
    server.addHook('onClose', async () => clearInterval(interval))
  },
  { name: 'closing' }
)
