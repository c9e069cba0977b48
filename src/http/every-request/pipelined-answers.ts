import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Answers on one connection that may not have been sent to their end, oldest first: requests can be pipelined. */
const answers = new WeakMap<Socket, ServerResponse[]>()

/**
 * Requests that may wait on one connection for the answers before theirs. Node reads hundreds of them at once, and keeps each
 * answer until the client takes it: a client that takes none would fill the memory.
 */
const mostPipelined = 64

/** Notes what is being sent over each connection. A connection on which too many answers wait is cut. */
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

/** True when `followAnswers` has cut the connection before this request. The client then reads no answer. */
export const isCut = (socket: Socket): boolean =>
  socket.destroyed && (answers.get(socket)?.length ?? 0) >= mostPipelined

/** True while an answer is being sent over the connection. */
export const isAnswering = (socket: Socket): boolean =>
  answers.get(socket)?.some((each) => each.headersSent && !each.writableFinished) === true
