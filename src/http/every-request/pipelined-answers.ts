import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The answers on one connection that may not be sent completely, oldest first. Requests can be pipelined. */
const answers = new WeakMap<Socket, ServerResponse[]>()

/**
 * The most requests of one connection that may wait for earlier answers. Node reads hundreds of them at once and keeps each answer until
 * the client takes it. A client that takes none would fill the memory.
 */
const mostPipelined = 64

/** Notes which answers are being sent over each connection. A connection with too many waiting answers is cut. */
export const followAnswers = (server: Server): void => {
  server.prependListener('request', ({ socket }, response) => {
    let present = answers.get(socket)
    if (present === undefined || present.length >= mostPipelined) {
      present = present?.filter((each) => !each.writableFinished) ?? []
      answers.set(socket, present)
    }
    if (present.length >= mostPipelined) socket.destroy()
    else present.push(response)
  })
}

/** True if `followAnswers` cut the connection before this request. Then the client reads no answer. */
export const isCut = (socket: Socket): boolean =>
  socket.destroyed && (answers.get(socket)?.length ?? 0) >= mostPipelined

/** True while an answer is being sent over the connection. */
export const isAnswering = (socket: Socket): boolean =>
  answers.get(socket)?.some((each) => each.headersSent && !each.writableFinished) === true
