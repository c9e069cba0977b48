import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { RalphError } from '../errors.ts'
import type { Version } from '../xapi/version.ts'
import { errorStatus } from './error-status.ts'
import { errorBody } from './errors.ts'
import { versionHeader } from './version.ts'

const translate = (code: string | undefined): RalphError => {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new RalphError('HEADERS_TOO_LARGE', 'The request headers are larger than the server takes.')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RalphError('REQUEST_TIMEOUT', 'The request took too long to arrive.')
    default:
      return new RalphError('MALFORMED_REQUEST', 'This is not a well-formed HTTP request.')
  }
}

/** Answers on one connection that may not have been sent to their end, oldest first: requests can be pipelined. */
const answers = new WeakMap<Socket, readonly ServerResponse[]>()

/** So that `replyToClientError` knows what is being sent. */
export const followAnswers = (server: Server): void => {
  server.on('request', ({ socket }, response) => {
    const present = answers.get(socket)?.filter((each) => !each.writableFinished) ?? []
    answers.set(socket, [...present, response])
  })
}

const isAnswering = (socket: Socket): boolean =>
  answers.get(socket)?.some((each) => each.headersSent && !each.writableFinished) === true

/**
 * Answers what Node refuses before there is a request, in the same form as everything else. While another answer is
 * being sent over the connection, whose bytes these would seem to be, it ends after what was handed over.
 */
export const replyToClientError =
  (version: Version) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    if (isAnswering(socket)) {
      socket.destroySoon()
      return
    }
    const translated = translate(error.code)
    const status = errorStatus[translated.code]
    const body = JSON.stringify(errorBody(translated))
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${versionHeader}: ${version}\r\n` +
        'content-type: application/json; charset=utf-8\r\nconnection: close\r\n' +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    )
  }
