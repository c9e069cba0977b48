import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Lets go of connections when the server is told to stop, where Node would wait for a minute: those over which nothing
 * was ever asked, such as browsers and probes open in advance, at once; those with a request under way once it is
 * answered.
 */
export const closeConnectionsAtEnd = (server: FastifyInstance): void => {
  const silent = new Set<Socket>()
  let closing = false
  server.server.on('connection', (socket) => {
    if (closing) {
      socket.destroy()
      return
    }
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  server.server.on('request', ({ socket }) => silent.delete(socket))
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close')
    done(null, payload)
  })
  server.addHook('preClose', async () => {
    closing = true
    for (const socket of silent) socket.destroy()
  })
}
