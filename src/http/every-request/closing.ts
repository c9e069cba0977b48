import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'

/** Milliseconds between two looks for connections that have become idle. */
const pause = 50

/**
 * Lets go of connections when the server is told to stop, where Node would wait for a minute, and for one that is kept
 * open as long as its client likes: those over which nothing was ever asked, such as browsers and probes open in
 * advance, at once; those with a request under way once it is answered.
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
      // What was being answered may have said already that the connection stays open.
      interval = setInterval(() => server.server.closeIdleConnections(), pause)
      for (const socket of silent) socket.destroy()
    })
    // Fastify calls this once the last connection is closed.
    server.addHook('onClose', async () => clearInterval(interval))
  },
  { name: 'closing' }
)
